#!/bin/sh
# Installs the Debian packages of packages.txt that are missing, and says which. CROSS and OTHER
# stand for the architecture that this machine is not.
set -eu

host=$(dpkg --print-architecture)
case $host in
amd64) other=arm64 cross=aarch64-linux-gnu ;;
arm64) other=amd64 cross=x86-64-linux-gnu ;;
*) echo "deps: $host is neither amd64 nor arm64, the two perfbox is tested on" >&2; exit 1 ;;
esac

missing=
for package in $(sed "s/CROSS/$cross/; s/OTHER/$other/" "$(dirname "$0")/packages.txt"); do
	case $package in *:*) arch=${package#*:} ;; *) arch=$host ;; esac
	dpkg-query -W -f '${Architecture} ${db:Status-Status}\n' "${package%:*}" 2>/dev/null |
		grep -qxE "(all|$arch) installed" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" != 0 ]; then
	echo "deps: root must install:$missing" >&2
	exit 1
fi
echo "deps: installing$missing"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
dpkg --print-foreign-architectures | grep -qx "$other" || dpkg --add-architecture "$other"
# A repository that does not answer is no matter as long as the packages are found elsewhere.
apt-get update >"$log" 2>&1 || :
DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing \
	>>"$log" 2>&1 </dev/null || { tail -n 20 "$log" >&2; exit 1; }
