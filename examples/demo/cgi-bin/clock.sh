#!/bin/sh
# A clock by server-sent events: an answer that takes its time, of which each part is shown as it comes.

# This type tells the browser that events follow. An empty line ends the head.
printf 'Content-Type: text/event-stream\n'
printf 'Cache-Control: no-store\n'
printf '\n'

# One event: a line that starts with "data:", then an empty line. The shell keeps nothing back, so every printf is on
# its way at once; in other languages, flush after each event.
# Always set an end: a visitor may leave a page open for days, and each one holds a process.
tick=0
while [ "$tick" -lt 30 ]; do
    printf 'id: %d\ndata: %s\n\n' "$tick" "$(date +%H:%M:%S)"
    tick=$((tick + 1))
    sleep 1
done

# Our own event, for which clock.html listens: without it the browser would ask again, for ever.
printf 'event: end\ndata: done\n\n'
