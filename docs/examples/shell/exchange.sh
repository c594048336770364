#!/bin/sh
# Give documents to edge-node and take documents from it: an example to copy from.
#
#     exchange.sh EXCHANGE send KEY NUMBER NOTATION DATE TYPE SUBJECT TO FILE...
#     exchange.sh EXCHANGE status KEY
#     exchange.sh EXCHANGE receipts
#     exchange.sh EXCHANGE receive STORE
#
# EXCHANGE is the folder shared with the node. KEY is your own key of the document: it names the
# drop and comes back in receipts. TO is codes of agencies with commas between them. STORE is a
# folder that stands for your database. Each may be cut off at any moment and called again: nothing
# is lost, nothing is sent or stored twice. Wants jq, and sync and sha256sum of GNU coreutils. Exit
# status 0, or 1 where a document failed or is nowhere.

set -eu
umask 007 # files and folders are shared with the node by way of their group
LC_ALL=C.UTF-8
export LC_ALL

# Build it aside, make it durable, rename it last.
send() {
    key=$1 number=$2 notation=$3 date=$4 type=$5 subject=$6 to=$7
    shift 7
    [ ! -e "$outbox/$key" ] || return 0 # given before, and not taken yet
    building=$outbox/.$key
    rm -rf "$building" # what a power cut left of an earlier try
    mkdir "$building"
    install -m 660 -- "$@" "$building"
    jq --null-input --arg ref "$key" --arg number "$number" --arg notation "$notation" \
        --arg date "$date" --arg type "$type" --arg subject "$subject" --arg to "$to" \
        '{schema: 1, $number, $notation, $date, $type, $subject, to: ($to | split(",")),
          attachments: ($ARGS.positional | map(sub(".*/"; ""))), $ref}' \
        --args "$@" > "$building/document.json"
    sync "$building"/* "$building"
    mv -T -- "$building" "$outbox/$key"
    sync "$outbox"
}

# Looked for in the order in which a drop travels, so that one which moves is met again.
status() {
    key=$1
    if [ -e "$outbox/$key.error.json" ]; then # a state secret: it stays where it is
        failure "$outbox/$key.error.json"
        return 1
    fi
    if [ -e "$outbox/$key" ]; then
        echo "waits in outbox"
        return 0
    fi
    for place in queued 'sent/*/*/*'; do
        for paper in "$exchange"/$place/"$key"/status.json \
            "$exchange"/$place/"$key ("*")"/status.json; do
            if told=$(cat "$paper" 2> /dev/null); then
                printf '%s\n' "$told" | jq -r '.receivers[]
                    | [.code, .state, .status, .meaning, .reason] | map(select(. != "")) | join(" ")'
                return 0
            fi
        done
    done
    latest='' newest=''
    for paper in "$exchange"/failed/*/*/*/"$key"/error.json \
        "$exchange"/failed/*/*/*/"$key ("*")"/error.json; do
        [ -e "$paper" ] || continue
        at=$(jq -r 'select(.error != "duplicate") | .at' "$paper")
        if [ -n "$at" ] && [ "$(printf '%s\n' "$newest" "$at" | sort | tail -n 1)" = "$at" ]; then
            newest=$at latest=$paper
        fi
    done
    if [ -n "$latest" ]; then
        failure "$latest"
    else
        echo "nowhere: being taken just now, or never given"
    fi
    return 1
}

# What an error.json says, for the clerk who is to mend it.
failure() {
    jq -r '"failed, \(.error): " + ([.message, .problems[], .hint] | join("; "))' "$1"
}

# Each thing that happened, in order; it goes once you have it in your database.
receipts() {
    for receipt in "$exchange"/receipts/*.json; do
        [ -e "$receipt" ] || continue
        jq -r '[(if .ref == "" then .document_id else .ref end), (.to // .from),
                (.event // "\(.status) \(.meaning)"), .note] | join(" ")' "$receipt"
        rm -- "$receipt"
    done
}

# Oldest first: store one, and only then remove it, document.json last.
receive() {
    store=$1
    for folder in "$exchange"/inbox/*; do
        [ -e "$folder/document.json" ] || continue
        id=$(jq -r .id "$folder/document.json")
        if [ ! -e "$store/$id" ]; then # or it was stored before we were cut off
            building=$store/.$id
            rm -rf "$building"
            mkdir "$building"
            cp -- "$folder"/* "$building"
            sums=$(jq -r '.attachments[] | "\(.sha256)  \(.file)"' "$building/document.json")
            [ -z "$sums" ] || printf '%s\n' "$sums" | (cd "$building" && sha256sum --check --quiet >&2)
            sync "$building"/* "$building"
            mv -T -- "$building" "$store/$id"
            sync "$store"
            jq -r '[.id, .business.kind, .from.code, "\(.number // "")/\(.notation // "")",
                    .subject // ""] | join(" ")' "$store/$id/document.json"
        fi
        find "$folder" -mindepth 1 ! -name document.json -delete
        rm -- "$folder/document.json"
        rmdir -- "$folder"
    done
}

exchange=$1 verb=$2
outbox=$exchange/outbox
shift 2
case $verb in
    send | status | receipts | receive) "$verb" "$@" ;;
    *) echo "no such verb: $verb" >&2 && exit 2 ;;
esac
