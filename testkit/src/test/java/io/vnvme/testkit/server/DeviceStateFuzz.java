package io.vnvme.testkit.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.drive.ram.RamDrive;
import io.vnvme.frontend.vfiouser.MovingDevice;
import io.vnvme.frontend.vfiouser.VfioUserEndpoint;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.testkit.client.VfioUserClient;
import io.vnvme.testkit.client.Wire;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.ram.Buffer;
import io.vnvme.testkit.ram.GuestRam;
import io.vnvme.testkit.ram.RamLayout;
import io.vnvme.testkit.seed.FuzzLoop;
import io.vnvme.testkit.server.MovableDevice.Reach;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * States that were changed on their way, mostly with checksums that fit: refused, or taken up by a controller that works on, with
 * whatever it was told, until it is reset.
 */
class DeviceStateFuzz {
    private static final int HEADER = 16;
    /** In the section of the controller: docs/formats/device-state.md, controller-state.md. */
    private static final int SHADOW_DOORBELLS = 12 + 0x20;

    private static final Duration LIMIT = Duration.ofSeconds(20);
    private static final long[] NUMBERS = {
        0,
        1,
        2,
        3,
        63,
        64,
        65,
        255,
        1023,
        1024,
        1025,
        4095,
        4096,
        0x7fff_ffff,
        0x8000_0000L,
        -1,
        1L << 47,
        1L << 48,
        1L << 61,
        1L << 62,
        1L << 63,
        Long.MAX_VALUE
    };

    @TempDir
    private Path folder;

    /** A section. */
    private static final class Part {
        private final int type;
        private final byte[] body;

        Part(int type, byte[] body) {
            this.type = type;
            this.body = body;
        }

        int type() {
            return type;
        }

        byte[] body() {
            return body;
        }
    }

    @Test
    void changedStatesAreRefusedOrServed() {
        withStates((states, to, there) -> {
            int[] loaded = new int[1];
            FuzzLoop.run("device states", random -> {
                byte[] state = states.get(random.nextInt(states.size()));
                byte[] changed = random.nextInt(50) == 0 ? state : change(random, state);
                boolean taken = round(random, changed, to.device(), there);
                loaded[0] += taken && !Arrays.equals(state, changed) ? 1 : 0;
                assertThat(to.failures()).isEmpty();
            });
            assertThat(loaded[0]).as("changed states that were taken up").isPositive();
        });
    }

    /** Found by the other: 32-bit doorbells at an odd address. */
    @Test
    void shadowDoorbellsBesideAPageAreRefused() {
        withStates((states, to, _) -> {
            List<Part> parts = parts(states.get(1));
            Part controller =
                    parts.stream().filter(part -> part.type() == 2).findFirst().orElseThrow();
            ByteBuffer fields = ByteBuffer.wrap(controller.body()).order(ByteOrder.LITTLE_ENDIAN);
            long shadow = fields.getLong(SHADOW_DOORBELLS);
            assertThat(shadow).isPositive();
            fields.putLong(SHADOW_DOORBELLS, shadow - 2);
            byte[] changed = joined(parts);
            assertThatThrownBy(() -> to.device().load(changed))
                    .isInstanceOf(DeviceStateException.class)
                    .hasMessageStartingWith("shadow doorbells at 0x%x".formatted(shadow - 2));
            assertThat(to.device().frozen()).isFalse();
        });
    }

    private interface Check {
        void run(List<byte[]> states, MovingSide to, VfioUserClient there);
    }

    private void withStates(Check check) {
        try (RamDrive drive = RamDrive.create("fuzz", 16 << 20);
                MovingSide from = new MovingSide(
                        folder.resolve("from"), drive, new VfioUserEndpoint.Options(false), new UUID(1, 1));
                MovingSide to = new MovingSide(
                        folder.resolve("to"), drive, new VfioUserEndpoint.Options(false), new UUID(1, 1));
                GuestRam ram = GuestRam.create(RamLayout.single(8 << 20));
                MovableDevice guest = new MovableDevice(from.socket(), ram, Reach.TRAPPED, Wire.IRQ_MSIX)) {
            List<byte[]> states = states(guest, from);
            Holdings before = Holdings.now();
            try (VfioUserClient there = guest.destination(to.socket())) {
                check.run(states, to, there);
            }
            before.awaitAgain();
        }
    }

    /** Of a controller with queues and commands in flight, of one with shadow doorbells, of one that is disabled. */
    private static List<byte[]> states(MovableDevice guest, MovingSide from) {
        List<byte[]> states = new ArrayList<>();
        NvmeDriver driver = NvmeDriver.start(guest);
        driver.admin(Command.setFeature(FeatureId.ASYNC_EVENT_CONFIG, 1 << 8)).orThrow();
        driver.admin().start(Command.of(AdminOpcode.ASYNC_EVENT_REQUEST));
        MovingLoad load = new MovingLoad(driver, 3, 16, 1);
        for (int i = 0; i < 50; i++) {
            load.step();
        }
        states.add(state(from));
        Buffer shadow = guest.ram().allocateContiguous(8192);
        driver.admin(Command.of(AdminOpcode.DOORBELL_BUFFER_CONFIG).prp(shadow.iova(), shadow.iova(4096)))
                .orThrow();
        states.add(state(from));
        load.drain();
        driver.disable();
        states.add(state(from));
        return states;
    }

    private static byte[] state(MovingSide from) {
        assertThat(from.device().freeze(LIMIT)).isTrue();
        byte[] state = from.device().state();
        from.device().thaw();
        return state;
    }

    private static boolean round(SplittableRandom random, byte[] changed, MovingDevice device, VfioUserClient client) {
        try {
            device.load(changed);
        } catch (DeviceStateException e) {
            assertThat(e).hasMessageMatching("(?s).{5,}");
            assertThat(device.frozen()).isFalse();
            return false;
        }
        device.thaw();
        device.raiseAll();
        // It serves what it was told of, from memory that says anything.
        for (int i = 0; i < 4; i++) {
            client.regionRead(Wire.REGION_BAR0, 0, 64);
            client.regionWrite(
                    Wire.REGION_BAR0, 0x1000 + random.nextInt(32) * 4, new byte[] {(byte) random.nextInt(20), 0, 0, 0});
        }
        client.reset();
        assertThat(client.regionRead(Wire.REGION_BAR0, 0x14, 12))
                .as("CC and CSTS")
                .containsOnly(0);
        client.regionWrite(Wire.REGION_CONFIG, 4, new byte[] {6, 0});
        return true;
    }

    private static byte[] change(SplittableRandom random, byte[] state) {
        if (random.nextInt(20) == 0) {
            return noise(random, state.clone());
        }
        List<Part> parts = parts(state);
        for (int i = random.nextInt(3); i >= 0; i--) {
            int index = random.nextInt(parts.size());
            switch (random.nextInt(25)) {
                case 0 -> parts.remove(index);
                case 1 -> parts.add(parts.get(index));
                case 2 ->
                    parts.add(random.nextInt(parts.size()), new Part(random.nextInt(9), new byte[random.nextInt(99)]));
                case 3 ->
                    parts.set(
                            index, new Part(random.nextInt(9), parts.get(index).body()));
                case 4 -> parts.set(index, resized(random, parts.get(index)));
                case 5 ->
                    parts.addAll(Collections.nCopies(random.nextInt(300), new Part(random.nextInt(9), new byte[0])));
                default ->
                    parts.set(
                            index,
                            new Part(
                                    parts.get(index).type(),
                                    numbers(random, parts.get(index).body())));
            }
            if (parts.isEmpty()) {
                break;
            }
        }
        byte[] whole = joined(parts);
        return random.nextInt(20) == 0 ? Arrays.copyOf(whole, random.nextInt(whole.length + 20)) : whole;
    }

    private static byte[] noise(SplittableRandom random, byte[] state) {
        for (int i = random.nextInt(4); i >= 0; i--) {
            state[random.nextInt(state.length)] ^= (byte) (1 << random.nextInt(8));
        }
        return state;
    }

    private static Part resized(SplittableRandom random, Part part) {
        return new Part(part.type(), Arrays.copyOf(part.body(), random.nextInt(part.body().length + 100)));
    }

    /** Some numbers are others: in the first hundred bytes mostly, where most that matters is. */
    private static byte[] numbers(SplittableRandom random, byte[] body) {
        byte[] changed = body.clone();
        ByteBuffer view = ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN);
        for (int i = random.nextInt(3); i >= 0 && changed.length >= 8; i--) {
            int limit = random.nextInt(3) == 0 ? changed.length : Math.min(changed.length, 100);
            int at = random.nextInt(limit / 4) * 4;
            long number = NUMBERS[random.nextInt(NUMBERS.length)];
            switch (random.nextInt(4)) {
                case 0 -> view.putInt(at, (int) number);
                case 1 -> view.putInt(at, view.getInt(at) + random.nextInt(-2, 3));
                case 2 -> view.putInt(at, view.getInt(at) ^ 1 << random.nextInt(32));
                default -> {
                    if (at + 8 <= changed.length) {
                        view.putLong(at, number);
                    }
                }
            }
        }
        return changed;
    }

    private static List<Part> parts(byte[] state) {
        ByteBuffer in = ByteBuffer.wrap(state).order(ByteOrder.LITTLE_ENDIAN);
        List<Part> parts = new ArrayList<>();
        for (int at = HEADER; in.getInt(at) != -1; ) {
            byte[] body = new byte[in.getInt(at + 4)];
            in.get(at + HEADER, body);
            parts.add(new Part(in.getInt(at), body));
            at += HEADER + body.length;
        }
        return parts;
    }

    private static byte[] joined(List<Part> parts) {
        int size = HEADER
                + parts.stream().mapToInt(part -> HEADER + part.body().length).sum();
        ByteBuffer out = ByteBuffer.allocate(size + HEADER + 8).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(0x5453_4465_4d56_4e76L).putInt(1).putInt(0);
        for (Part part : parts) {
            put(out, part);
        }
        byte[] before = Arrays.copyOf(out.array(), size);
        byte[] end = ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(parts.size())
                .putInt(crc(before))
                .array();
        put(out, new Part(-1, end));
        return out.array();
    }

    private static void put(ByteBuffer out, Part part) {
        out.putInt(part.type())
                .putInt(part.body().length)
                .putInt(crc(part.body()))
                .putInt(0)
                .put(part.body());
    }

    private static int crc(byte[] bytes) {
        CRC32C crc = new CRC32C();
        crc.update(bytes);
        return (int) crc.getValue();
    }
}
