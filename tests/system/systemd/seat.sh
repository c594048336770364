# The operator's seat on the machine boot.sh has set up: who may look and who may act, measurements,
# alarms, the log on its way to a syslog server, scans that are read, the page. Sourced, not run.
# shellcheck shell=bash

NODE_A="edge-node -c /etc/edge-node/a/config.yaml"
HOOK_PAIR=node:matkhau-cua-hook
OPERATOR_PASSWORD=khong-ai-biet
PAGE=http://127.0.0.1:9480
CLERK="Nguyễn Văn Thư"
REASON="Chờ xác nhận"
TODAY=$(TZ=Asia/Ho_Chi_Minh date +%F)

# ── the machine around the nodes ─────────────────────────────────────────────────────────────

# seats: make the groups as documented, one who looks (xem), one who acts (lam), one who is neither.
seats() {
    cat >"$root/root/seats.sh" <<END
useradd xem; useradd lam; useradd khach
echo lam:$OPERATOR_PASSWORD | chpasswd
cd $SOURCE
$(documented "Its groups"; documented "Who may look" |
        sed '/^cat /,/^END/d; /^useradd/d; /^systemctl/d; /^runuser/d; /^sudo/d
            s|readers lan|readers xem|; s|operators minh|operators lam|; s|xa-mau|a|g')
END
    inside bash -e /root/seats.sh
}

# receivers: a webhook, and a syslog server that asks whoever comes for a certificate.
receivers() {
    echo "$HOOK_PAIR" >"$root/root/hook-pair"
    inside systemd-run --quiet --unit=hook /opt/edge-node/bin/python \
        $SOURCE/tests/system/systemd/hook.py 8090 /root/notices /root/hook-pair
    cat >"$root/root/syslog.sh" <<'END'
mkdir /etc/edge-node/tls
cd /etc/edge-node/tls
ask="openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -batch"
$ask -x509 -keyout ca.key -out ca.pem -subj "/CN=Test"
printf 'subjectAltName=DNS:localhost\n' >name
for one in server client; do
    $ask -keyout $one.key -out $one.csr -subj "/CN=$one"
    openssl x509 -req -in $one.csr -CA ca.pem -CAkey ca.key -extfile name -out $one.pem
done
chown edge-node client.key
chmod 755 .
cat >/etc/rsyslog.conf <<RULES
global(defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="$PWD/ca.pem"
       defaultNetstreamDriverCertFile="$PWD/server.pem" defaultNetstreamDriverKeyFile="$PWD/server.key")
module(load="imtcp" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
input(type="imtcp" port="6514")
template(name="whole" type="string" string="%app-name% %structured-data% %msg%\n")
*.* action(type="omfile" file="/var/log/forwarded" template="whole")
RULES
systemctl restart rsyslog
END
    inside bash -e /root/syslog.sh >/dev/null 2>&1
}

# furnish: tell both nodes of their seats. What tells people is a credential of a.
furnish() {
    cat >"$root/root/furnish.sh" <<END
cat >>/etc/edge-node/a/config.yaml <<'YAML'
intake: {secrecy_unchecked: ocr}
access: {readers: edge-node-readers}
metrics: {listen: "unix:/run/edge-node/a/metrics.sock"}
alarms:
  urls_file: credential:alarm-urls
  rules: /etc/edge-node/a/alarms.yaml
  every: 1s
  calm: 1s
  quiet_from: "00:00"
  quiet_until: "00:00"
  quiet_days_off: false
  digest: false
log:
  syslog:
    host: localhost
    ca_file: /etc/edge-node/tls/ca.pem
    certificate: /etc/edge-node/tls/client.pem
    key: /etc/edge-node/tls/client.key
web:
  enabled: true
  listen: unix:/run/edge-node-web/a/web.sock
  socket_group: edge-node-web
  hosts: [vanban.xa-mau.example]
  user_header: X-Remote-User
YAML
echo 'web: {enabled: true}' >>/etc/edge-node/b/config.yaml
cat >/etc/edge-node/a/alarms.yaml <<'YAML'
rules: [{name: axis-down, watch: axis, longer_than: 1s, severity: urgent, to: [duty]}]
YAML
chgrp edge-node-readers /etc/edge-node/a/alarms.yaml
echo 'duty json://$HOOK_PAIR@127.0.0.1:8090/hook' |
    install -m 600 /dev/stdin /etc/edge-node/a/alarm-urls
printf '[Service]\nLoadCredential=alarm-urls:/etc/edge-node/a/alarm-urls\n' \
    >/etc/systemd/system/edge-node@a.service.d/alarms.conf
systemctl daemon-reload
$(documented "The web page" | sed "/^cat /,/^END/d; s|@xa-mau|@b|
        s|^node|runuser -u edge-node -- edge-node -c /etc/edge-node/b/config.yaml|")
systemctl start edge-node-web@a
END
    token=$(inside bash -e /root/furnish.sh 2>/dev/null)
}

# scans: two pages as a scanner sees them, one with a stamp that keeps it here.
scans() {
    for stamp in "" MẬT; do
        inside /opt/edge-node/bin/python $SOURCE/tests/system/systemd/scan.py "/tmp/scan$stamp.pdf" $stamp
        inside chmod 644 "/tmp/scan$stamp.pdf"
    done
}

# ── what is asked of it ──────────────────────────────────────────────────────────────────────

a_as() { local user=$1; shift; as "$user" $NODE_A "$@" 2>&1; }
# What the operator types, with the operator's own password.
with_sudo() { as lam sudo -S -p '' -u edge-node "$@" 2>&1 <<<"$OPERATOR_PASSWORD"; }
a_acting() { with_sudo $NODE_A "$@"; }
# (Its exit status tells what is not in order, too: credentials are not for it to see.)
doctor_of_a() { inside $NODE_A doctor 2>&1 || true; }
with_credentials() {
    inside systemd-run --quiet --pipe --wait -p User=edge-node \
        -p LoadCredential=alarm-urls:/etc/edge-node/a/alarm-urls \
        -p LoadCredential=seal-password:/etc/edge-node/a/seal-password $NODE_A "$@" 2>&1
}
# says WORDS COMMAND...: it succeeds and says that. fails WORDS COMMAND...: it fails and says that.
says() { told_of yes "$@"; }
fails() { told_of no "$@"; }
told_of() {
    local wanted=$1 words=$2 ended=yes told
    shift 2
    told=$("$@") || ended=no
    [ "$ended" = "$wanted" ] && grep -qF -- "$words" <<<"$told" || { echo "it says: $told"; return 1; }
}
# id_at INSTANCE in|out NUMBER: the id of a document.
id_at() {
    inside edge-node -c "/etc/edge-node/$1/config.yaml" list "--$2" --json --text "$3/UBND-VP" |
        sed -n '1s/^{"direction": "[a-z]*", "id": "\([^"]*\)".*/\1/p'
}
waits_at_a() { [ -n "$(id_at a out "$1")" ]; }
heard_at_a() { a_as xem log "$(id_at a out "$1")" | grep -q "status  $2"; }

asked_of_a() {
    as "$1" curl -sS --unix-socket /run/edge-node/a/metrics.sock "http://127.0.0.1/$2" "${@:3}" 2>&1
}
answers() { is "$(asked_of_a qlvb "$1" -o /dev/null -w '%{http_code}')" "$2"; }
forwarded() { inside grep -qE "$1" /var/log/forwarded; }
told() { inside grep -q "\"type\": \"$1\"" /root/notices 2>/dev/null; }

# The page: of b by its port and a token, of a behind a proxy that says who somebody is.
page_of_b() { as khach curl -sS -b /tmp/jar -c /tmp/jar -H "Origin: $PAGE" "$PAGE$1" "${@:2}" 2>&1; }
page_of_a() {
    as "$1" curl -sS --unix-socket /run/edge-node-web/a/web.sock -H 'Host: vanban.xa-mau.example' \
        "http://page$2" "${@:3}" 2>&1
}
# serves WHAT COMMAND...: the page answers so, by status and kind of content.
serves() {
    local what=$1
    shift
    is "$("$@" -o /dev/null -w '%{http_code} %{content_type}')" "$what"
}
HTML="200 text/html; charset=utf-8"
# (By a pipe: whoever logs keeps the command lines of others.)
enters_b() {
    page_of_b /enter -o /dev/null -w '%{http_code}' \
        --data-urlencode "name=$CLERK" --data-urlencode token@- <<<"$1"
}
# What a form of the page has in it, so that nobody else's is taken.
csrf_of_b() { page_of_b /doctor | sed -n 's/.*name="csrf" value="\([^"]*\)".*/\1/p' | head -1; }

# ── the story ────────────────────────────────────────────────────────────────────────────────

looking_and_acting() {
    holds "whoever is in the group of readers looks" says 101/UBND-VP a_as xem list
    holds "and cannot act" fails "you may look here, but not act" \
        a_as xem resend "$(id_at a out 101)"
    holds "whoever is in none cannot look" fails "is not readable" a_as khach list
    holds "sudo takes the rule" inside visudo -cq
    holds "an operator looks through sudo" says 101/UBND-VP a_acting list
    holds "and runs nothing else as the node's user" fails "not allowed to execute" with_sudo sh -c id
    holds "nor with another configuration" \
        fails "not allowed to execute" with_sudo edge-node -c /tmp/config.yaml list
    holds "whoever is no operator does not" not as xem sudo -n -u edge-node $NODE_A list 2>/dev/null
    holds "what is a credential can be lent to a command, as documented" \
        says "fit to sign" with_credentials cert check
    holds "the doctor finds nothing broken" says " 0 broken" doctor_of_a
}

measuring() {
    holds "the group reads the measurements" says 'edge_node_documents{direction="out"' asked_of_a qlvb metrics
    for path in healthz readyz; do holds "/$path says that all is well" answers $path 200; done
    holds "nobody else does" fails "Failed to connect" asked_of_a xem metrics
}

forwarding() {
    within 15 "the log comes to a syslog server over TLS, with its fields" \
        forwarded 'edgeNode@32473 event="running".* agency="H99.01"'
}

# The axis goes away and comes back; meanwhile somebody keeps a document here.
alarming() {
    holds "alarms can be tried" says "duty: told" with_credentials alarms test
    inside systemctl stop axis
    drop_bundle $A 104 H99.02
    within 30 "that the axis is away is told to a webhook" told failure
    within 10 "/readyz says that not all is well" answers readyz 503
    holds "/healthz that the node lives" answers healthz 200
    within 20 "what was dropped meanwhile waits" waits_at_a 104
    local id
    id=$(id_at a out 104)
    holds "a reader cannot keep it here" fails "you may look here, but not act" a_as xem hold "$id"
    holds "an operator can" says held: a_acting hold "$id" --why "$REASON"
    holds "the journal says who, and why" says "lam: $REASON" a_as xem log "$id"
    inside systemctl start axis
    within 60 "that it is back is told, too" told success
    holds "the operator lets it go" says released: a_acting release "$id" --why "$REASON"
    within 60 "and it arrives" found_valid $B 104
}

reading_scans() {
    LETTER=/tmp/scan.pdf drop_bundle $A 301 H99.02
    LETTER=/tmp/scanMẬT.pdf drop_bundle $A 302 H99.02
    within 90 "a scan that bears a grade of secrecy is read, and stays" \
        as qlvb grep -qs '"error": "secret"' $A/outbox/302.error.json
    within 60 "one that bears none is read, signed and sent" found_valid $B 301
    holds "and without a warning" as qlvb sh -c "grep -q '\"warnings\": \[\]' $A/sent/*/*/*/301/status.json"
}

paging() {
    local id csrf
    within 20 "the page of b serves its entrance" serves "$HTML" page_of_b /enter
    holds "a wrong token does not let in" is "$(enters_b "no-$token")" 403
    holds "the right one does" is "$(enters_b "$token")" 303
    holds "there is an overview" serves "$HTML" page_of_b /
    id=$(id_at b in 101)
    holds "page 1 of a document is drawn" serves "200 image/png" page_of_b "/documents/$id/page-1.png"
    csrf=$(csrf_of_b)
    holds "a clerk sets a status there" is 303 "$(page_of_b "/documents/$id/set-status" -o /dev/null \
        -w '%{http_code}' --data-urlencode "csrf=$csrf" -d status=03 -d note=nhan)"
    within 20 "the node beside it sends that at once" heard_at_a 101 03
    holds "the journal has the clerk's name" \
        says "$CLERK" inside edge-node -c /etc/edge-node/b/config.yaml log "$id"
    holds "a register comes as a PDF" serves "200 application/pdf" \
        page_of_b "/papers/register?which=incoming&first=$TODAY&last=$TODAY&form=pdf"

    holds "the page of a is there for the proxy's group" \
        serves "$HTML" page_of_a www-data / -H "X-Remote-User: Proxy"
    holds "not for whom the proxy does not name" is 403 "$(page_of_a www-data / -o /dev/null -w '%{http_code}')"
    holds "and not for others" fails "Failed to connect" page_of_a khach / -H "X-Remote-User: Proxy"
    holds "nor does the proxy read the queue" not as www-data cat /var/lib/edge-node/a/data/queue.db 2>/dev/null
    holds "both pages stop" inside systemctl stop edge-node-web@a edge-node-web@b
    holds "of their own accord" is success "$(inside systemctl show --value -p Result edge-node-web@b)"
}

operators_seat() {
    holds "seats can be made as documented" seats
    holds "there are receivers of notices and lines" receivers
    holds "the nodes and their pages can be told of them" furnish
    holds "both start anew" inside systemctl restart edge-node@a edge-node@b
    scans
    looking_and_acting
    measuring
    forwarding
    reading_scans
    alarming
    paging
}
