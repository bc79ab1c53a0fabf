#!/bin/sh
# The main job on real input: records a real compressor on a real tree, prints the report, and
# draws the flame graph.
set -eu
perfbox=build/perfbox
data=build/demo.data
echo "\$ perfbox record -g -o $data -- tar -cJf build/demo.tar.xz /usr/include"
$perfbox record -g -o $data -- tar -cJf build/demo.tar.xz -C / usr/include
rm -f build/demo.tar.xz
echo "\$ perfbox report -i $data --no-children -g none --percent-limit 1"
$perfbox report -i $data --no-children -g none --percent-limit 1
$perfbox report -i $data --flamegraph build/demo.svg >/dev/null
echo "flame graph: build/demo.svg"
