package io.vnvme.testkit.lab;

import java.time.Duration;
import java.util.List;

/** fio in a guest, that writes at random and checks what it wrote, until it is ended. One at a time for each block device. */
public final class VerifyingLoad {
    /**
     * What it does.
     *
     * @param depth commands at once
     * @param sizeMib of the device, from its start
     * @param blockSizes from and to, as fio's {@code bsrange} has them
     * @param silenceMax that no command ends for so long is an error
     */
    public record Terms(int depth, int sizeMib, String blockSizes, Duration silenceMax) {}

    private static final Duration LIMIT = Duration.ofMinutes(1);

    private final Vm vm;
    private final String device;
    private final Terms terms;
    /** What the files in the guest begin with. */
    private final String files;

    private VerifyingLoad(Vm vm, String device, Terms terms) {
        this.vm = vm;
        this.device = device;
        this.terms = terms;
        files = "/tmp/load-" + device;
    }

    /**
     * Starts it.
     *
     * @param device such as {@code nvme0n1}
     * @throws LabException when it ends at once, or no command does
     */
    public static VerifyingLoad start(Vm vm, String device, Terms terms) {
        VerifyingLoad load = new VerifyingLoad(vm, device, terms);
        vm.sh("""
                rm -f %1$s*
                # Should fio itself crash, the kernel's log has its registers.
                echo 1 >/proc/sys/kernel/print-fatal-signals
                # Linux's nvme-tcp sends as whoever submits, and raises SIGPIPE there when the connection is just being closed.
                (trap '' PIPE
                fio --name=verify --ioengine=libaio --direct=1 --filename=/dev/%2$s --iodepth=%3$d --size=%4$dm \
                  --rw=randwrite --bsrange=%5$s --verify=crc32c --verify_fatal=1 --time_based --runtime=36000 \
                  --write_lat_log=%1$s --log_avg_msec=1000 --log_max_value=1 --output=%1$s.log >/dev/null 2>%1$s.err &
                echo $! >%1$s.pid; wait $!; echo $? >%1$s.status) &
                sleep 1
                """.formatted(load.files, device, terms.depth(), terms.sizeMib(), terms.blockSizes()));
        load.goesOn();
        return load;
    }

    /** The same load, of a guest that has moved to another VM. */
    public VerifyingLoad at(Vm other) {
        return new VerifyingLoad(other, device, terms);
    }

    /** Waits until commands end. @throws LabException when it has ended by itself, or none do */
    public void goesOn() {
        long looks = terms.silenceMax().toMillis() / 100;
        vm.sh("""
                ! test -e %1$s.status || { cat %1$s.err %1$s.log; dmesg | tail -n 40; exit 1; }
                was=$(cat /sys/block/%2$s/stat)
                for i in $(seq %3$d); do sleep 0.1; test "$was" = "$(cat /sys/block/%2$s/stat)" || exit 0; done
                echo 'no command has ended'; cat %1$s.err; dmesg | tail -n 40; exit 1
                """.formatted(files, device, looks), terms.silenceMax().plus(LIMIT));
    }

    /**
     * Ends it.
     *
     * @return of each second, the command that took the longest
     * @throws LabException when it had ended by itself, or has read what it had not written
     */
    public List<Duration> end() {
        goesOn();
        vm.sh("""
                kill -INT $(cat %1$s.pid)
                for i in $(seq 300); do test -e %1$s.status && break; sleep 0.1; done
                test -e %1$s.status || { echo 'fio does not end'; exit 1; }
                grep -q 'err= 0' %1$s.log || { cat %1$s.log; exit 1; }
                """.formatted(files));
        return vm.sh("cat %s_lat.*.log | tr -d , | awk '{print $2}'".formatted(files))
                .lines()
                .map(Long::valueOf)
                .map(Duration::ofNanos)
                .toList();
    }
}
