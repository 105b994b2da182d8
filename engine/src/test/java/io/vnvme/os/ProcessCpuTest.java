package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class ProcessCpuTest {
    @Test
    void countsWhatThisProcessUses() {
        long pid = ProcessHandle.current().pid();
        long before = Cpu.processCpuTimeNs(pid);
        long threadBefore = Cpu.threadCpuTimeNs();
        while (Cpu.threadCpuTimeNs() - threadBefore < 2_000_000) {
            Thread.onSpinWait();
        }
        assertThat(Cpu.processCpuTimeNs(pid) - before).isGreaterThanOrEqualTo(2_000_000);
    }

    @Test
    void refusesAProcessThatDoesNotExist() throws Exception {
        Process gone = new ProcessBuilder("true").start();
        gone.waitFor();
        assertThatThrownBy(() -> Cpu.processCpuTimeNs(gone.pid()))
                .isInstanceOfSatisfying(
                        NativeException.class, e -> assertThat(e.errno()).isEqualTo(Errno.EINVAL));
    }
}
