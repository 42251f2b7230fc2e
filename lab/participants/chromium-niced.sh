#!/bin/sh
# Chromium that gives way. Participants stand for machines of their own: the service that shares this one with them,
# and the lab's network, must not wait for their pictures. CALLSCOPE_NICED names the program.
exec nice -n 5 "$CALLSCOPE_NICED" "$@"
