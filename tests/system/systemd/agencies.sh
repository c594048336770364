# Two agencies on the booted machine, set up by the commands of docs/install.md, what is asked of
# their nodes, and what their document software drops; sourced by boot.sh, not run.
# shellcheck shell=bash

SUBJECT='V/v một việc không ai ngoài cuộc được biết'
LETTER=$SOURCE/edge_node/demo/documents/101-BND-VP.pdf

# ── the agencies ─────────────────────────────────────────────────────────────────────────────

# documented HEADING: print the commands below a heading of docs/install.md or docs/operate.md.
documented() {
    awk -v title="$1" '
        /^```/ { typed = !inside && /^```(sh|console)$/; inside = !inside; next }
        /^##/ && !inside { below = $0 ~ "^##+ " title }
        below && typed' "$project"/docs/{install,operate}.md
}

# agency INSTANCE CODE TOP: set an agency up as documented, in a hurry; its folders below TOP.
agency() {
    documented "An agency" | sed "
        s|https://ADDRESS|http://127.0.0.1:8080|
        s|H37.02.03|$2|
        s|/var/lib/edge-node/xa-mau|$3/$1|
        s|xa-mau|$1|
        s|^END|pull: {every: 1s}\nreport: {every: 1s}\nEND|" >"$root/root/agency.sh"
    inside cat "/var/lib/axis/secrets/$2" | inside bash -e /root/agency.sh >/dev/null
}

# drop_bundle EXCHANGE NUMBER RECEIVER and drop_sidecar: what the document software does.
sheet() {
    printf '{"number": "%s", "notation": "UBND-VP", "date": "2026-11-21", "type": "Công văn",
        "subject": "%s", "to": ["%s"], "attachments": [{"file": "%s.pdf"}]}' "$1" "$SUBJECT" "$2" "$1"
}
drop_bundle() {
    sheet "$2" "$3" | as qlvb sh -ec "
        umask 007; cd $1/outbox; mkdir .$2; cp $LETTER .$2/$2.pdf; cat >.$2/document.json; mv .$2 $2"
}
drop_sidecar() {
    sheet "$2" "$3" | as qlvb sh -ec "umask 007; cd $1/outbox; cp $LETTER $2.pdf; cat >$2.json"
}
arrived_whole() { as qlvb sh -c "cmp -s $1/inbox/*_$2-UBND-VP/$2.pdf $LETTER" 2>/dev/null; }

# authority: found the demo's own on the machine, and write what the nodes are to be told of it.
authority() {
    inside systemd-run --quiet --unit=authority --property=StandardOutput=file:/root/authority.out \
        /opt/edge-node/bin/python -m edge_node.demo.authority /root/authority "H99.01=UBND A"
    within 15 "it says where it is" inside test -s /root/authority.out
    local url fingerprint node="runuser -u edge-node -- /opt/edge-node/bin/edge-node -c /etc/edge-node"
    read -r url fingerprint < <(inside cat /root/authority.out)
    cat >"$root/root/believe.sh" <<END
install -m 644 /root/authority/root.crt /tmp/root.crt
for node in a b; do
    $node/\$node/config.yaml trust add /tmp/root.crt --fingerprint $fingerprint
    echo 'trust: {private: ["127.0.0.0/8"]}' >>/etc/edge-node/\$node/config.yaml
done
END
    cat >"$root/root/sign.sh" <<END
install -o edge-node -g edge-node -m 400 /root/authority/H99.01.p12 /etc/edge-node/a/seal.p12
install -m 600 /root/authority/H99.01.password /etc/edge-node/a/seal-password
mkdir -p /etc/systemd/system/edge-node@a.service.d
printf '[Service]\nLoadCredential=seal-password:/etc/edge-node/a/seal-password\n' \
    >/etc/systemd/system/edge-node@a.service.d/seal.conf
cat >>/etc/edge-node/a/config.yaml <<YAML
stamps: {servers: [{url: "$url/tsa"}]}
signing:
  documents: always
  level: B-LT
  operator: Văn thư
  basis: Quyết định số 1/QĐ-UBND
  keys: [{name: seal, pkcs12: /etc/edge-node/a/seal.p12, password_file: "credential:seal-password"}]
YAML
systemctl daemon-reload
END
}
found_valid() {
    as qlvb sh -c "grep -q '\"verdict\": \"VALID\"' $1/inbox/*_$2-UBND-VP/verification.json" 2>/dev/null
}
