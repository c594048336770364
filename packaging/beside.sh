#!/usr/bin/env bash
# beside.sh DESTINATION: what belongs beside the program, below DESTINATION. The program itself is
# there already: its manual pages and completions are asked of it.
set -euo pipefail
destination=$(realpath "$1")
here=$(cd "$(dirname "$0")" && pwd)
project=$(dirname "$here")
python=$destination/opt/edge-node/bin/python3
export PYTHONDONTWRITEBYTECODE=1 LC_ALL=C.UTF-8

put() { install -D -m "$1" "$2" "$destination$3"; }

for unit in "$project"/systemd/*.{service,target}; do
    put 644 "$unit" "/usr/lib/systemd/system/${unit##*/}"
done
put 644 "$project/systemd/edge-node.sysusers" /usr/lib/sysusers.d/edge-node.conf
put 644 "$project/systemd/edge-node.tmpfiles" /usr/lib/tmpfiles.d/edge-node.conf
put 440 "$project/systemd/edge-node.sudoers" /etc/sudoers.d/edge-node
put 644 "$project/config.example.yaml" /etc/edge-node/config.example.yaml
for drop_in in "$project"/systemd/drop-ins/*.conf; do
    put 644 "$drop_in" "/usr/share/edge-node/systemd/drop-ins/${drop_in##*/}"
done
for share in "$here"/share/*.conf; do
    put 644 "$share" "/usr/share/edge-node/packaging/share/${share##*/}"
done
for part in "$project"/monitoring/*; do
    put 644 "$part" "/usr/share/edge-node/monitoring/${part##*/}"
done
install -d "$destination/usr/bin"
ln -sf /opt/edge-node/bin/edge-node "$destination/usr/bin/edge-node"

completion() { "$python" -m edge_node completion "$1" >"$destination$2"; }
install -d "$destination"/usr/share/{bash-completion/completions,zsh/vendor-completions,fish/vendor_completions.d}
completion bash /usr/share/bash-completion/completions/edge-node
completion zsh /usr/share/zsh/vendor-completions/_edge-node
completion fish /usr/share/fish/vendor_completions.d/edge-node.fish

pages=$destination/usr/share/man
EDGE_NODE_LANG=en "$python" "$here/man_pages.py" "$pages/man1"
EDGE_NODE_LANG=vi "$python" "$here/man_pages.py" "$pages/vi/man1"
find "$pages" -name '*.1' -exec gzip -9n {} +

for text in "$project"/{README.md,README.vi.md,CHANGELOG.md} "$project"/docs/*.md; do
    put 644 "$text" "/usr/share/doc/edge-node/${text##*/}"
done
(cd "$project/docs" && find examples -type f -printf '%P\n') | while read -r path; do
    put 644 "$project/docs/examples/$path" "/usr/share/doc/edge-node/examples/$path"
done
