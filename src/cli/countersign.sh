#!/bin/sh
# The command `countersign`. glibc keeps what a thread gave back, up to twice the largest block that was ever freed, for
# each of its many arenas; after some reloads that is 150 MB which nobody uses. It reads how much to keep only when a process
# starts: `mallopt(3)`, M_TRIM_THRESHOLD. Other C libraries ignore the name. Whoever has set it is obeyed.
: "${MALLOC_TRIM_THRESHOLD_:=131072}"
export MALLOC_TRIM_THRESHOLD_
exec node "$(dirname -- "$(readlink -f -- "$0")")/main.js" "$@"
