package io.vnvme.os;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** In a process of its own: it is about all of a process's threads. */
final class PinnedThreadsTest {
    @Test
    void othersKeepOffTheProcessorsOfPinnedThreads() throws Exception {
        assumeTrue(Cpu.allowed().cardinality() > 1, "needs two processors");
        Process process = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path"),
                        PinnedThreadsTest.class.getName())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        BitSet others = Cpu.allowed();
        int pinned = others.length() - 1;
        others.clear(pinned);
        assertThat(process.waitFor()).isZero();
        assertThat(said).isEqualTo("pinned {%d}, old %s, new %s".formatted(pinned, others, others));
    }

    public static void main(String[] arguments) throws Exception {
        BitSet[] seen = new BitSet[3];
        CountDownLatch ready = new CountDownLatch(2);
        CountDownLatch moved = new CountDownLatch(1);
        int cpu = Cpu.allowed().length() - 1;
        Thread pinned = Thread.ofPlatform().start(() -> {
            Cpu.pin(cpu);
            seen[0] = look(ready, moved);
        });
        Thread old = Thread.ofPlatform().start(() -> seen[1] = look(ready, moved));
        ready.await();
        PinnedThreads.haveTheirProcessors();
        moved.countDown();
        Thread later = Thread.ofPlatform().start(() -> seen[2] = Cpu.allowed());
        pinned.join();
        old.join();
        later.join();
        System.out.printf("pinned %s, old %s, new %s%n", seen[0], seen[1], seen[2]);
    }

    private static BitSet look(CountDownLatch ready, CountDownLatch moved) {
        ready.countDown();
        try {
            moved.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
        return Cpu.allowed();
    }
}
