#!/bin/sh
# The main job on real input: records a real compressor on a real tree, prints the report, and
# draws the flame graph.
set -eu
data=build/demo.data

shown() {
	echo "\$ $*"
	"$@"
}

shown build/perfbox record -g -o $data -- tar -czf build/demo.tar.gz -C /usr include
rm -f build/demo.tar.gz
shown build/perfbox report -i $data --no-children -g none --percent-limit 1 -s comm,dso
shown build/perfbox report -i $data --no-children -g none --percent-limit 1
shown build/perfbox report -i $data --flamegraph build/demo.svg
echo "flame graph: build/demo.svg"
