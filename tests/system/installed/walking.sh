# A newcomer who reads Vietnamese, types what the pages say, block by block, and nothing else; sourced
# by installed.sh, not run.
# shellcheck shell=bash

PAGES="install.vi configure.vi operate.vi backup.vi upgrade.vi alarms.vi monitoring.vi signatures troubleshooting security.vi"

# ── what a person has at hand ────────────────────────────────────────────────────────────────

# authority: a certificate and time-stamp authority outside of the machine; its root, and the seal it
# issued with its password, are in /root.
authority_up() {
    nsenter --net="$network" "$project/.venv/bin/python" -m edge_node.demo.authority \
        "$work/authority" "H99.01=Ủy ban nhân dân xã Mẫu" >"$work/authority.out" &
    helpers+=($!)
    within 15 "the authority says where it is" grep -q . "$work/authority.out"
    read -r authority_url fingerprint <"$work/authority.out"
    cp "$work/authority/root.crt" "$root/root/"
    install -m 600 "$work/authority/H99.01.p12" "$root/root/seal-2026.p12"
    install -m 600 "$work/authority/H99.01.password" "$root/root/seal-2026-password"
}

# hook: somebody who is told of alarms, and whose address is in /root.
hook_up() {
    echo "node:word" >"$work/hook.password"
    nsenter --net="$network" python3 "$here/../systemd/hook.py" 8090 "$work/notices" "$work/hook.password" &
    helpers+=($!)
    within 15 "the hook listens" nsenter --net="$network" bash -c ': </dev/tcp/127.0.0.1/8090' 2>/dev/null
    echo "soc json://node:word@127.0.0.1:8090/" >"$root/root/alarm-urls"
}

# neighbour: the answers for a second agency of this machine.
neighbour() {
    install -m 600 "$work/axis/secrets/H99.02" "$root/root/xa-ben-secret"
    cat >"$root/root/xa-ben.yaml" <<END
name: xa-ben
agency: {code: H99.02, name: Ủy ban nhân dân xã Bên}
axis: {url: "http://127.0.0.1:$AXIS_PORT", secret_file: xa-ben-secret}
software_user: qlvb-ben
END
    inside useradd --create-home qlvb-ben
}

# ── what is typed ────────────────────────────────────────────────────────────────────────────

# typed PAGE...: the blocks of the pages that are typed in order, with what this machine has in place
# of what a person fills in, pastes or confirms; a new key lies beside the first.
typed() {
    local page
    for page; do
        printf '\necho "── %s" >&2\n' "$page"
        awk '/^```sh$/ { typed = 1; next } /^```/ { typed = 0; print "" } typed' "$project/docs/$page.md"
    done | sed "
        s|https://ADDRESS|http://127.0.0.1:$AXIS_PORT|
        s|H37\.02\.03|H99.01|g
        s|https://tsa.example.gov.vn|$authority_url/tsa|
        s|^stamps:|trust: {private: [127.0.0.0/8]}\n&|
        s|^      password_file: \(.*\)/seal-2026-password|&\n    - {name: seal-2027, pkcs12: \1/seal-2026.p12, password_file: \1/seal-2026-password}|
        s|^node trust add .*|& --fingerprint $fingerprint|
        s,/dev/stdin \(.*\)/\(seal-2026-password\|alarm-urls\),/root/\2 \1/\2,
        s,^\(node\|edge-node .*\) doctor[^#]*,& || [ \$? = 1 ] ,     # with something to be seen to
        s|^node adopt|until &; do sleep 1; done|"
}

walk_story() {
    SUITE=bookworm
    local package begun=$SECONDS helpers=() authority_url fingerprint helper
    package=$(package_of bookworm)
    made "$project/dist/$package" "$project/packaging/deb.sh" bookworm
    make_place
    a_server "$project/dist/$package"
    inside userdel --remove qlvb 2>/dev/null
    (cd "$root/root" && sha256sum -- *.deb >SHA256SUMS)
    authority_up
    hook_up
    neighbour
    # shellcheck disable=SC2086 # page by page
    typed $PAGES >"$root/root/walk.sh"
    holds "a newcomer types what the pages say, and all of it works" \
        inside env HOME=/root EDGE_NODE_LANG=vi bash -c 'cd /root && bash -ex walk.sh' <"$work/axis/secrets/H99.01"
    holds "the letter has come back to whoever sent it" inside sh -c "ls /var/lib/edge-node/xa-mau/exchange/inbox | grep -q 01-UBND-VP"
    holds "the page answers" inside python3 -c "
import urllib.request
print(urllib.request.urlopen('http://127.0.0.1:9480/').status)"
    holds "the alarm on trial was told" test -s "$work/notices"
    holds "both agencies are at work" inside systemctl is-active --quiet edge-node@xa-mau edge-node@xa-ben
    holds "one does not see into the other" not inside runuser -u node-xa-ben -- ls /var/lib/edge-node/xa-mau/exchange/inbox
    for helper in "${helpers[@]}"; do kill "$helper"; done
    clear_away
    say "the walk took $((SECONDS - begun)) s"
}
