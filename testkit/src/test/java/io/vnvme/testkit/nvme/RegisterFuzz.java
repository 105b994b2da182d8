package io.vnvme.testkit.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.Registers;
import io.vnvme.testkit.driver.InProcessDevice;
import io.vnvme.testkit.seed.FuzzLoop;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Random bytes to BAR0, in front of memory full of noise: whatever the controller makes of it, it recovers. */
final class RegisterFuzz {
    private static final int ACCESSES = 600;
    private static final int[] REGISTERS = {
        Registers.CAP,
        Registers.VS,
        Registers.INTMS,
        Registers.INTMC,
        Registers.CC,
        Registers.CSTS,
        Registers.NSSR,
        Registers.AQA,
        Registers.ASQ,
        Registers.ASQ + 4,
        Registers.ACQ,
        Registers.ACQ + 4,
        Registers.CRTO
    };
    private static final int[] CONFIGURATIONS = {0, 0x0046_0000, 0x0046_0001, 0x0046_4001, 0x0046_0801, 0x0046_0061};

    @Test
    void anyAccessIsSurvived() {
        FuzzLoop.run("registers", RegisterFuzz::round);
    }

    private static void round(SplittableRandom random) {
        try (Neighbours neighbours = new Neighbours(random)) {
            InProcessDevice device = neighbours.hostile();
            neighbours.scribble();
            device.busMaster(true);
            for (int i = 0; i < ACCESSES; i++) {
                access(neighbours, device, random);
                if (random.nextInt(4) == 0) {
                    neighbours.steps(random.nextInt(10));
                }
                if (random.nextInt(60) == 0) {
                    neighbours.toggleRegion();
                }
                if (random.nextInt(100) == 0) {
                    neighbours.check();
                }
                if (random.nextInt(150) == 0) {
                    neighbours.scribble();
                }
            }
            neighbours.recover();
            neighbours.check();
            neighbours.checkDrive();
        }
    }

    private static void access(Neighbours neighbours, InProcessDevice device, SplittableRandom random) {
        int size = 1 << (random.nextInt(4) == 0 ? random.nextInt(4) : 2 + random.nextInt(2));
        switch (random.nextInt(10)) {
            case 0 -> device.write(random.nextInt(0x2000 - 8), size, neighbours.word());
            case 1 -> {
                long value =
                        device.read(random.nextInt(0x1000 / 8) * 8L + (long) random.nextInt(8 / size) * size, size);
                assertThat(size == 8 || value >>> size * 8 == 0).isTrue();
            }
            case 2 -> device.write(Registers.CC, 4, CONFIGURATIONS[random.nextInt(CONFIGURATIONS.length)]);
            case 3 -> device.write(Registers.AQA, 4, random.nextInt() & 0x003F_003F);
            case 4 -> device.write(Registers.ASQ, 8, neighbours.address() & -4096);
            case 5 -> device.write(Registers.ACQ, 8, neighbours.address() & -4096);
            case 6, 7 -> {
                long doorbell = random.nextInt(3) == 0 ? random.nextInt(1024) * 4L : random.nextInt(6) * 4L;
                int value = random.nextInt(4) == 0 ? random.nextInt() : random.nextInt(64);
                if (random.nextBoolean()) {
                    device.doorbellPage().set(ValueLayout.JAVA_INT, doorbell, value);
                } else {
                    device.write(Registers.DOORBELLS + doorbell, 4, value);
                }
            }
            case 8 -> device.write(REGISTERS[random.nextInt(REGISTERS.length)], size, neighbours.word());
            default -> start(neighbours, device, random);
        }
    }

    /** A controller properly enabled on queues of noise. */
    private static void start(Neighbours neighbours, InProcessDevice device, SplittableRandom random) {
        device.write(Registers.CC, 4, 0);
        neighbours.steps(50);
        device.write(Registers.AQA, 4, 0x001F_001F);
        device.write(Registers.ASQ, 8, neighbours.address() & -4096);
        device.write(Registers.ACQ, 8, neighbours.address() & -4096);
        device.write(Registers.CC, 4, 0x0046_0001);
        device.doorbellPage().set(ValueLayout.JAVA_INT, 0, random.nextInt(32));
    }
}
