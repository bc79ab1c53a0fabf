#!/bin/busybox sh
# The first process of a lab machine. With lab=shell on the kernel's command line a person gets a
# shell; otherwise scripts come over the console: lines "put BASE64" gather one, "run SECONDS USER"
# runs it, and its status, output and errors go back. A script that hangs is killed.

/bin/busybox mkdir -p /bin /sbin /proc /sys /dev
/bin/busybox --install -s /bin
export PATH=/bin HOME=/root
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev 2>/dev/null
mkdir -p /dev/pts /dev/shm
mount -t devpts pts /dev/pts
mount -t tmpfs -o mode=1777 tmp /tmp
mount -t tracefs trace /sys/kernel/tracing
hostname lab
dmesg -n 1
mkdir -p /run/lab
cd /tmp

if [ "$lab" = shell ]; then
	echo "perfbox lab: $(uname -r) $(uname -m); poweroff ends it"
	setsid cttyhack sh
	poweroff -f
fi

stty -echo -onlcr
echo "@@ ready"
while read -r word first second; do
	case $word in
	put)
		echo "$first" >>/run/lab/packed
		echo "@@ ok"
		;;
	keep)
		base64 -d /run/lab/packed | gunzip >"$first"
		rm /run/lab/packed
		echo "@@ ok"
		;;
	run)
		chmod 755 /run/lab/script
		timeout -s KILL "$first" su -s /bin/sh "$second" /run/lab/script \
			</dev/null >/run/lab/out 2>/run/lab/err
		echo "@@ status $?"
		gzip -c /run/lab/out | base64
		echo "@@ err"
		gzip -c /run/lab/err | base64
		echo "@@ ok"
		;;
	pull)
		gzip -c "$first" | base64
		echo "@@ ok"
		;;
	esac
done
