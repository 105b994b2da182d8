package io.vnvme.bench.demo;

import io.vnvme.bench.peer.RamFile;
import io.vnvme.bench.report.GuestView;
import io.vnvme.bench.report.Way;
import io.vnvme.testkit.lab.Lab;
import io.vnvme.testkit.lab.Result;
import io.vnvme.testkit.lab.Vm;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;

/** The demo's VMs and what is asked inside them. */
final class Guest {
    private static final int MEMORY_MIB = 512;
    private static final long COMPARED_BYTES = 256L << 20;
    private static final Duration DEVICE_LIMIT = Duration.ofSeconds(30);
    /** Prints the block device of the NVMe drive with the serial number $1, waiting for it up to 20 s. There may be none yet, and a shell says so where redirections go by then. */
    private static final String FIND = """
            i=0
            while [ $i -lt 400 ]; do
              for d in /sys/block/nvme*; do
                n=/dev/${d##*/}
                s=$(tr -d ' ' 2>/dev/null <"$d/device/serial")
                if [ -b "$n" ] && [ "$s" = SERIAL ]; then echo "$n"; exit 0; fi
              done
              sleep 0.05; i=$((i+1))
            done
            echo "no NVMe drive with serial number SERIAL"; exit 1
            """;
    /** Waits until no block device has that serial number. */
    private static final String GONE = """
            i=0
            while [ $i -lt 400 ]; do
              found=
              for d in /sys/block/nvme*; do
                s=$(tr -d ' ' 2>/dev/null <"$d/device/serial")
                if [ -b "/dev/${d##*/}" ] && [ "$s" = SERIAL ]; then found=1; fi
              done
              [ -n "$found" ] || exit 0
              sleep 0.05; i=$((i+1))
            done
            echo "the drive with serial number SERIAL is still there"; exit 1
            """;

    private Guest() {}

    /** Starts the VM that is measured: with the drives that a vNVMe is compared with. */
    static Vm startForMeasuring(Lab lab, Cleanup cleanup, Path logs) throws IOException {
        RamFile legacy = cleanup.add(RamFile.create("vnvme-demo-virtio", COMPARED_BYTES));
        RamFile nvme = cleanup.add(RamFile.create("vnvme-demo-nvme", COMPARED_BYTES));
        Vm vm = cleanup.add(Vm.builder(lab)
                .name("demo1")
                .memoryMiB(MEMORY_MIB)
                .keepLogsIn(logs.resolve("vm1"))
                .arguments("-blockdev", legacy.blockdev("legacy"))
                .arguments("-device", "virtio-blk-pci,drive=legacy")
                .arguments("-blockdev", nvme.blockdev("qemunvme"))
                .arguments("-device", "nvme,drive=qemunvme,serial=QEMU-NVME")
                .start());
        vm.sh("modprobe virtio_blk");
        return vm;
    }

    /** Starts a VM with nothing in it. */
    static Vm startEmpty(Lab lab, Cleanup cleanup, Path logs) {
        return cleanup.add(Vm.builder(lab)
                .name("demo2")
                .memoryMiB(MEMORY_MIB)
                .keepLogsIn(logs.resolve("vm2"))
                .start());
    }

    /** Waits for an NVMe drive and returns its block device. */
    static String device(Vm vm, String serial) {
        String said = vm.sh(FIND.replace("SERIAL", serial), DEVICE_LIMIT).strip();
        if (!said.matches("/dev/nvme\\d+n\\d+")) {
            throw new DemoException("the guest was asked for a block device and said: " + said);
        }
        return said;
    }

    /** Waits until the guest no longer has that drive. */
    static void awaitGone(Vm vm, String serial) {
        vm.sh(GONE.replace("SERIAL", serial), DEVICE_LIMIT);
    }

    /** The block device of every way, the null device made ready. */
    static Map<Way, String> devices(Vm vm, String vnvme) {
        vm.sh("modprobe null_blk nr_devices=1 gb=1 submit_queues=1");
        Map<Way, String> devices = new EnumMap<>(Way.class);
        devices.put(Way.LEGACY, "/dev/vda");
        devices.put(Way.QEMU_NVME, device(vm, "QEMU-NVME"));
        devices.put(Way.VNVME, vnvme);
        devices.put(Way.CEILING, "/dev/nullb0");
        return devices;
    }

    /** What the guest's own tools say. */
    static GuestView view(Vm vm) {
        return new GuestView(
                vm.sh("uname -r").strip(),
                vm.sh("lspci"),
                vm.sh("lsblk -o NAME,MAJ:MIN,SIZE,RO,TYPE,MODEL,SERIAL"),
                vm.sh("nvme list"));
    }

    /** The line of lspci for that block device's controller, empty when it cannot be told. */
    static String lspciOf(Vm vm, String device) {
        String name = device.substring(device.lastIndexOf('/') + 1);
        String script = "p=$(readlink -f /sys/block/" + name + "/device); "
                + "for c in $p/address $p/nvme*/address; do [ -e $c ] && lspci -s $(cat $c); done | head -n 1";
        Result result = vm.run(script, DEVICE_LIMIT);
        return result.ok() ? result.output().strip() : "";
    }
}
