package io.vnvme.testkit.guest;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.testkit.lab.Vm;
import java.time.Duration;

/**
 * A drive as a guest sees it, and what is tried on one. Every check runs in the guest with the tools that its users have, and
 * fails the test when the drive misbehaves.
 *
 * @param vm where
 * @param controller the character device, {@code /dev/nvme0}
 * @param block the block device, {@code /dev/nvme0n1}
 */
record GuestDrive(Vm vm, String controller, String block) {
    private static final Duration LIMIT = Duration.ofMinutes(3);
    /** fio as every check runs it: the kernel's page cache stays out. */
    private static final String FIO = "fio --name=job --ioengine=libaio --direct=1 --output=/tmp/fio.log ";

    /** The name of the block device with a serial number. A device that goes away meanwhile is none. */
    private static final String FIND = """
            find_drive() {
              for d in /sys/block/nvme*; do
                [ "$(tr -d ' ' <$d/device/serial)" != %s ] || echo ${d##*/}
              done 2>/dev/null
            }
            """;

    /** Waits until the guest has a block device with this serial number. */
    static GuestDrive await(Vm vm, String serial) {
        String name = vm.sh(FIND.formatted(serial) + """
                for i in $(seq 300); do
                  name=$(find_drive)
                  [ -z "$name" ] || { echo $name; exit; }
                  sleep 0.1
                done
                dmesg | tail -n 30; nvme list; exit 1""", LIMIT);
        assertThat(name).matches("nvme\\d+n\\d+");
        return new GuestDrive(vm, "/dev/" + name.replaceFirst("n\\d+$", ""), "/dev/" + name);
    }

    /** Waits until the guest has no block device with this serial number any more. */
    static void awaitGone(Vm vm, String serial) {
        vm.sh(FIND.formatted(serial) + """
                for i in $(seq 300); do
                  [ -n "$(find_drive)" ] || exit 0
                  sleep 0.1
                done
                dmesg | tail -n 30; nvme list; exit 1""", LIMIT);
    }

    /** Runs a script in the guest with {@code $ctrl} and {@code $dev} set; it must succeed. */
    String sh(String script) {
        return vm.sh("ctrl=" + controller + " dev=" + block + "\n" + script, LIMIT);
    }

    /** Writes random blocks of several sizes, reads them back, and compares checksums. */
    void writeAndVerify(int sizeMiB) {
        String fio = FIO + "--filename=$dev --iodepth=32 --verify=crc32c --verify_fatal=1 --size=" + sizeMiB + "m ";
        sh(fio + "--rw=randwrite --bsrange=4k-128k --bs_unaligned=0 || { cat /tmp/fio.log; exit 1; }");
    }

    /** Starts endless verified I/O on a part of the drive; {@link #stopLoad} ends it. */
    void startLoad(int offsetMiB, int sizeMiB) {
        sh(
                "rm -f /tmp/load.*; (fio --name=load --ioengine=libaio --direct=1 --filename=$dev --iodepth=16 --bs=4k --rw=randwrite"
                        + " --verify=crc32c --verify_fatal=1 --offset=" + offsetMiB + "m --size=" + sizeMiB
                        + "m --time_based --runtime=600 --output=/tmp/load.log >/dev/null 2>&1; echo $? >/tmp/load.status) &"
                        + " sleep 1; ! test -e /tmp/load.status || { cat /tmp/load.log; exit 1; }");
    }

    /** Ends the load of {@link #startLoad}; fails when it saw an error, or when it ended by itself. */
    void stopLoad() {
        sh("""
                ! test -e /tmp/load.status || { echo "ended early"; cat /tmp/load.log; exit 1; }
                killall -INT fio
                for i in $(seq 300); do test -e /tmp/load.status && break; sleep 0.1; done
                grep -q 'err= 0' /tmp/load.log || { cat /tmp/load.log; exit 1; }""");
    }

    /** Makes a file system, fills files, checks it, mounts it again and compares. */
    void fileSystem() {
        sh("""
                set -e
                mkfs.ext4 -q -F -E nodiscard $dev
                mount $dev /mnt
                mkdir /mnt/d
                for i in $(seq 40); do dd if=/dev/urandom of=/mnt/d/$i bs=64k count=4 2>/dev/null; done
                fio --name=file --directory=/mnt --ioengine=libaio --direct=1 --iodepth=16 --rw=randwrite --bs=4k --size=16m \
                  --verify=crc32c --verify_fatal=1 --fsync=64 --output=/tmp/fio.log || { cat /tmp/fio.log; exit 1; }
                (cd /mnt && find . -type f | sort | xargs sha256sum) >/tmp/sums
                umount /mnt
                echo 3 >/proc/sys/vm/drop_caches
                fsck.ext4 -f -n $dev || { echo "fsck found errors"; exit 1; }
                mount $dev /mnt
                (cd /mnt && sha256sum -c /tmp/sums >/dev/null)
                umount /mnt""");
    }

    /** Writes one pattern over the first MiBs of the drive. */
    void fill(int sizeMiB, String seed) {
        sh(pattern(sizeMiB, seed) + " | dd of=$dev bs=1M oflag=direct iflag=fullblock 2>/dev/null && sync");
    }

    /** Checks that the first MiBs still hold what {@link #fill} wrote, by whichever guest. */
    void holds(int sizeMiB, String seed) {
        sh("echo 3 >/proc/sys/vm/drop_caches\n"
                + "want=$(" + pattern(sizeMiB, seed) + " | sha256sum)\n"
                + "have=$(dd if=$dev bs=1M count=" + sizeMiB + " iflag=direct 2>/dev/null | sha256sum)\n"
                + "[ \"$want\" = \"$have\" ] || { echo \"pattern " + seed + " is not there\"; exit 1; }");
    }

    private static String pattern(int sizeMiB, String seed) {
        return "yes " + seed + " | tr '\\n' '.' | head -c " + ((long) sizeMiB << 20);
    }

    /** Discards what was written and reads zeroes then; the same with Write Zeroes. */
    void discard() {
        sh("""
                set -e
                yes full | head -c 8388608 | dd of=$dev bs=1M oflag=direct iflag=fullblock 2>/dev/null
                test $(cat /sys/block/${dev##*/}/queue/discard_max_bytes) -gt 0
                blkdiscard -o 1M -l 2M $dev
                blkdiscard -z -o 4M -l 2M $dev
                echo 3 >/proc/sys/vm/drop_caches
                zeroes() { dd if=$dev bs=1M skip=$1 count=$2 iflag=direct 2>/dev/null | tr -d '\\000' | wc -c; }
                test $(zeroes 1 2) = 0
                test $(zeroes 4 2) = 0
                test $(zeroes 0 1) = 1048576
                test $(zeroes 3 1) = 1048576
                test $(zeroes 6 2) = 2097152""");
    }

    /** The nvme tool's commands, as an administrator would try them. */
    void nvmeTool() {
        sh("""
                try() { "$@" >/tmp/out 2>&1 || { echo "failed: $*"; cat /tmp/out; exit 1; }; }
                says() { p=$1; shift; try "$@"; grep -qi -e "$p" /tmp/out || { echo "no $p: $*"; cat /tmp/out; exit 1; }; }
                fails() { p=$1; shift; ! "$@" >/tmp/out 2>&1 && grep -qi -e "$p" /tmp/out || { echo "not $p: $*"; cat /tmp/out; exit 1; }; }
                says ${dev##*/} nvme list
                try nvme id-ctrl $ctrl -o json
                says mdts nvme id-ctrl -H $ctrl
                says 'in use' nvme id-ns -H $dev
                says uuid nvme ns-descs $dev
                says '0x1$' nvme list-ns $ctrl
                says 'critical_warning.*: 0' nvme smart-log $ctrl
                try nvme error-log $ctrl -e 4
                try nvme fw-log $ctrl
                try nvme effects-log $ctrl -c 0
                says CRWMT nvme show-regs -H $ctrl
                try nvme changed-ns-list-log $ctrl
                nvme get-log $ctrl -i 0xc0 -l 1024 -b >/tmp/counted
                test $(od -An -tu2 -j2 -N2 /tmp/counted) = 1024
                test $(od -An -tu4 -j48 -N4 /tmp/counted) -gt 0
                test $(od -An -tu4 -j256 -N768 -v /tmp/counted | tr -s ' ' '\\n' | grep -v '^0*$' | wc -l) -gt 0
                name=$(nvme id-ctrl $ctrl -b | tail -c +3073 | head -c 40 | tr -d '\\000')
                test -n "$name" && test "$name" = "$(nvme id-ns $dev -b | tail -c +385 | head -c 40 | tr -d '\\000')"
                for f in 1 2 4 6 7 8 9 0xa 0xb; do try nvme get-feature $ctrl -f $f; done
                try nvme get-feature $ctrl -n 1 -f 5
                says 'enabled' nvme get-feature $ctrl -f 6 -H
                try nvme flush $dev
                try nvme read $dev -s 0 -c 7 -z 4096 -d /tmp/block
                try nvme write $dev -s 0 -c 7 -z 4096 -d /tmp/block
                try nvme verify $dev -s 0 -c 7
                try nvme compare $dev -s 0 -c 7 -z 4096 -d /tmp/block
                try nvme write-zeroes $dev -s 0 -c 7
                try nvme dsm $dev -d -s 0 -b 8
                try nvme ns-rescan $ctrl
                fails 'invalid' nvme get-feature $ctrl -f 0x7f
                fails 'invalid' nvme get-log $ctrl -i 0x7f -l 512
                fails 'range' nvme read $dev -s 0xffffffffff -c 7 -z 4096 -d /tmp/block""");
    }

    /** Controller resets by the guest's driver, the last ones under load. */
    void resets() {
        sh("nvme reset $ctrl && nvme reset $ctrl && nvme id-ctrl $ctrl >/dev/null");
        startLoad(0, 32);
        sh("for i in 1 2 3; do nvme reset $ctrl || exit 1; sleep 0.5; done");
        stopLoad();
    }

    /** Returns how many I/O queues the guest's driver uses. */
    int queueCount() {
        return Integer.parseInt(sh("ls /sys/block/${dev##*/}/mq | wc -l").trim());
    }
}
