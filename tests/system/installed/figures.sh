# What docs/install.md says of size, memory and exposure, measured; sourced by installed.sh, not run.
# shellcheck shell=bash

SETTLED=30  # seconds after the first documents
WATCHED=60  # seconds over which an idle node is watched

figures_story() {
    local suite
    for suite in bookworm trixie; do
        made "$project/dist/$(package_of $suite)" "$project/packaging/deb.sh" $suite
    done
    made "$project/dist/$(bundle_name).tar.gz" "$project/packaging/bundle.sh"
    SUITE=bookworm
    make_place
    a_server "$project/dist/$(package_of bookworm)"
    holds "the package installs" inside apt-get -qq -y install "/root/$(package_of bookworm)"
    set_up_both >/dev/null
    software a 1
    within 120 "a document crosses" more_taken_now b 1
    inside sleep $SETTLED
    measure
    clear_away
    table | fill "$project/docs/install.md"
    table vi | fill "$project/docs/install.vi.md"
}

measure() {
    local before
    before=$(cpu_ticks a)
    inside sleep $WATCHED
    busy=$(awk "BEGIN { printf \"%.2f\", ($(cpu_ticks a) - $before) * 100 / $(getconf CLK_TCK) / $WATCHED }")
    resident=$(status_of a VmRSS)
    resident=$((${resident% kB} / 1024))
    node_exposed=$(exposure edge-node@a)
    page_exposed=$(exposure edge-node-web@a)
    # shellcheck source=/dev/null
    machine=$(. "$root/etc/os-release" && echo "$PRETTY_NAME")
    unpacked=$(($(dpkg-deb -f "$project/dist/$(package_of bookworm)" Installed-Size) / 1024))
}

# table [vi]: the figures, for people.
table() {
    local sizes
    sizes="$(megabytes "$(package_of bookworm)") / $(megabytes "$(package_of trixie)") / $(megabytes "$(bundle_name).tar.gz") MB"
    if [ "${1:-}" = vi ]; then
        cat <<END
| mục | số đo |
|---|---|
| gói deb cho Debian 12 / Debian 13 / gói nén (Python 3.11 đến 3.13) | $sizes |
| chiếm đĩa sau khi cài | $unpacked MB |
| \`lintian\` nói về gói deb | $(lintian_said) |
| mức phơi lộ của \`edge-node@.service\`, \`edge-node-web@.service\` (\`systemd-analyze security\`, từ 0 đến 10) | $node_exposed, $page_exposed |
| bộ nhớ của một nút khi không có việc | $resident MB |
| bộ xử lý của một nút khi không có việc, vẫn hỏi trục theo mặc định | $busy % |

Đo trên $machine, dưới systemd, bằng \`tests/system/installed/installed.sh figures\`.
END
        return
    fi
    cat <<END
| what | figure |
|---|---|
| package for Debian 12 / for Debian 13 / bundle (Python 3.11 to 3.13) | $sizes |
| on the disk once installed | $unpacked MB |
| what \`lintian\` says of the package | $(lintian_said) |
| exposure of \`edge-node@.service\`, \`edge-node-web@.service\` (\`systemd-analyze security\`, from 0 to 10) | $node_exposed, $page_exposed |
| memory of an idle node | $resident MB |
| processor of an idle node, which asks the axis as it does by default | $busy % |

Measured in $machine, under systemd, by \`tests/system/installed/installed.sh figures\`.
END
}

# fill PAGE: put what comes in between the page's marks.
fill() {
    sed -i -e '/<!-- figures -->/,/<!-- figures-end -->/{//!d}' -e '/<!-- figures -->/r /dev/stdin' "$1"
}

megabytes() { awk "BEGIN { printf \"%.1f\", $(stat -c %s "$project/dist/$1") / 1000000 }"; }
# Ticks of the clock a node has run, and what it started and waited for.
cpu_ticks() { inside awk '{ print $14 + $15 + $16 + $17 }' "/proc/$(main_pid "$1")/stat"; }
exposure() { inside systemd-analyze security --no-pager "$1" 2>/dev/null | sed -n 's/.*: \([0-9.]*\) .*/\1/p' | tail -1; }
lintian_said() {
    awk '/^[EW]: / { said[$1]++ } END { printf "%d E, %d W", said["E:"], said["W:"] }' "$ROOTS/bookworm-lintian.log"
}
