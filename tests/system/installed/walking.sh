# A newcomer who reads Vietnamese, types what the pages say, block by block, and nothing else; sourced
# by installed.sh, not run.
# shellcheck shell=bash

PAGES="install configure operate backup upgrade"

# typed PAGE...: the blocks of the pages that are typed in order, with what this machine has in place
# of what a person fills in.
typed() {
    local page
    for page; do
        printf '\necho "── %s" >&2\n' "$page"
        awk '/^```sh$/ { typed = 1; next } /^```/ { typed = 0; print "" } typed' "$project/docs/$page.vi.md"
    done | sed "
        s|https://ADDRESS|http://127.0.0.1:$AXIS_PORT|
        s|H37\.02\.03|H99.01|g
        s|^node doctor.*|node doctor \|\| [ \$? = 1 ]|       # nobody is believed on this machine
        s|^node adopt|until &; do sleep 1; done|"
}

walk_story() {
    SUITE=bookworm
    local package begun=$SECONDS
    package=$(package_of bookworm)
    made "$project/dist/$package" "$project/packaging/deb.sh" bookworm
    make_place
    a_server "$project/dist/$package"
    inside userdel --remove qlvb 2>/dev/null
    (cd "$root/root" && sha256sum -- *.deb >SHA256SUMS)
    # shellcheck disable=SC2086 # page by page
    typed $PAGES >"$root/root/walk.sh"
    holds "a newcomer types what the pages say, and all of it works" \
        inside env HOME=/root EDGE_NODE_LANG=vi bash -c 'cd /root && bash -ex walk.sh' <"$work/axis/secrets/H99.01"
    holds "the letter has come back to whoever sent it" inside sh -c "ls /var/lib/edge-node/xa-mau/exchange/inbox | grep -q 01-UBND-VP"
    holds "the page answers" inside python3 -c "
import urllib.request
print(urllib.request.urlopen('http://127.0.0.1:9480/').status)"
    clear_away
    say "the walk took $((SECONDS - begun)) s"
}
