package io.vnvme.control.vm;

import io.avaje.jsonb.Json;
import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import io.vnvme.control.model.TextList;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Stream;

/**
 * What QEMU keeps of a vfio-user device and does not give to the QEMU that its VM moves to: where its BARs are, how it
 * interrupts, the MSI-X table. The server at the other end of the socket keeps the rest of the configuration space.
 *
 * <p>QEMU acts on what is written, so that the order matters: BARs, addresses of messages and the command register;
 * then the MSI-X table, which is memory behind a BAR; and what enables messages at the end, when QEMU makes eventfds of
 * what stands there.
 *
 * @param identity vendor and device, as the configuration space begins
 * @param before fields to be written before the table
 * @param tableAddress guest-physical; 0 when there is no table to be written
 * @param table words of 4 bytes
 * @param after fields to be written after it
 */
@Json
public record PciImage(int identity, List<Field> before, long tableAddress, List<Integer> table, List<Field> after) {
    /** A field of the configuration space. */
    @Json
    public record Field(int offset, int sizeBytes, int value) {
        /** The same field with what it has in {@code words}. */
        private Field of(int[] words) {
            return new Field(offset, sizeBytes, at(words, offset, sizeBytes));
        }
    }

    private static int at(int[] words, int offset, int sizeBytes) {
        int shifted = words[offset / 4] >>> (8 * (offset % 4));
        return sizeBytes == 4 ? shifted : shifted & ((1 << (8 * sizeBytes)) - 1);
    }

    private static final int COMMAND = 0x04;
    private static final int COMMAND_MEMORY = 1 << 1;
    private static final int STATUS = 0x06;
    private static final int STATUS_CAPABILITIES = 1 << 4;
    private static final int BARS = 0x10;
    private static final int BAR_COUNT = 6;
    private static final int BAR_IO = 1;
    private static final int BAR_64_BIT = 1 << 2;
    private static final int BAR_FLAGS = 0xf;
    private static final int CAPABILITIES = 0x34;
    /** 192 bytes hold no more of them: a list that is longer goes round. */
    private static final int CAPABILITY_COUNT_MAX = 48;

    private static final int POWER = 0x01;
    private static final int POWER_STATE = 0x3;
    private static final int MSI = 0x05;
    private static final int MSI_64_BIT = 1 << 7;
    private static final int MSI_MASKS = 1 << 8;
    private static final int MSIX = 0x11;
    private static final int MSIX_ENABLE = 1 << 15;
    private static final int MSIX_COUNT = 0x7ff;
    private static final int MSIX_ENTRY_WORDS = 4;

    public PciImage {
        TextList.check("before", before);
        TextList.check("table", table);
        TextList.check("after", after);
        before = List.copyOf(Objects.requireNonNullElse(before, List.of()));
        table = List.copyOf(Objects.requireNonNullElse(table, List.of()));
        after = List.copyOf(Objects.requireNonNullElse(after, List.of()));
    }

    /**
     * Reads it from a stopped VM.
     *
     * @throws ProblemException when QEMU does not say it in the words that are known, nobody answers for the device, or it
     *     is in a state that cannot be read
     */
    static PciImage read(StoppedPci pci, String deviceId) {
        return new Reading(pci.human(), pci.read(deviceId), deviceId).image();
    }

    /**
     * Writes it to a VM that has all else and has not gone on, and looks whether it is there then.
     *
     * @param folder where QEMU may make a socket that nobody else can connect to
     * @throws ProblemException when QEMU does not do it, or has another device there, which is left as it is
     */
    void write(StoppedPci pci, String deviceId, Path folder) {
        PciAddress address = pci.address(deviceId);
        int[] words = pci.read(deviceId);
        if (words[0] != identity) {
            throw new ProblemException(
                    ProblemCode.VM_REFUSED,
                    "%s is another device: vendor and device are %08x instead of %08x"
                            .formatted(deviceId, words[0], identity));
        }
        Set<Field> there = new HashSet<>(fields(words));
        write(pci, address, before, there);
        if (!table.isEmpty()) {
            try (GdbMemory memory = GdbMemory.open(pci.human(), folder)) {
                memory.write(tableAddress, bytes(table));
            }
        }
        write(pci, address, after, there);
        PciImage written = read(pci, deviceId);
        if (!written.equals(this)) {
            throw new ProblemException(
                    ProblemCode.VM_REFUSED,
                    "QEMU has not taken the PCI configuration of %s: %s instead of %s"
                            .formatted(deviceId, written, this));
        }
    }

    /** What is zero and was needs no command. Anything else sets something in motion in QEMU, whatever its server knows already. */
    private static void write(StoppedPci pci, PciAddress address, List<Field> fields, Set<Field> there) {
        for (Field field : fields) {
            if (field.value() != 0 || !there.contains(field)) {
                pci.write(address, field.offset(), field.sizeBytes(), field.value());
            }
        }
    }

    /** The fields of this image as they are in a configuration space. */
    private List<Field> fields(int[] words) {
        return Stream.concat(before.stream(), after.stream())
                .map(field -> field.of(words))
                .toList();
    }

    private static byte[] bytes(List<Integer> words) {
        ByteBuffer bytes = ByteBuffer.allocate(words.size() * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        words.forEach(bytes::putInt);
        return bytes.array();
    }

    /** Reads one device. */
    private static final class Reading {
        private final HumanMonitor human;
        private final int[] config;
        private final String deviceId;
        private final List<Field> before = new ArrayList<>();
        private final List<Field> after = new ArrayList<>();
        private final int[] bars = new int[BAR_COUNT];
        private long tableAddress;
        private List<Integer> table = List.of();

        Reading(HumanMonitor human, int[] config, String deviceId) {
            this.human = human;
            this.config = config;
            this.deviceId = deviceId;
        }

        PciImage image() {
            for (int i = 0; i < BAR_COUNT; i++) {
                bars[i] = keep(before, BARS + 4 * i, 4);
            }
            int at = (look(STATUS, 2) & STATUS_CAPABILITIES) == 0 ? 0 : look(CAPABILITIES, 1) & 0xfc;
            int msix = 0;
            int power = 0;
            for (int i = 0; at != 0 && i < CAPABILITY_COUNT_MAX; i++) {
                int head = look(at, 4);
                switch (head & 0xff) {
                    case POWER -> power = at;
                    case MSI -> msi(at, head >>> 16);
                    case MSIX -> msix = at;
                    default -> {}
                }
                at = (head >>> 8) & 0xfc;
            }
            int command = keep(before, COMMAND, 2);
            // Asleep, the memory behind the BARs is not there.
            int state = power == 0 ? 0 : keep(after, power + 4, 2) & POWER_STATE;
            if (msix != 0) {
                msix(msix, (command & COMMAND_MEMORY) != 0 && state == 0);
            }
            return new PciImage(config[0], before, tableAddress, table, after);
        }

        /** Capabilities are where the device says, and as long as it says. */
        private int look(int offset, int sizeBytes) {
            if (offset + sizeBytes > StoppedPci.SIZE) {
                throw new ProblemException(
                        ProblemCode.VM_REFUSED,
                        "%s has a capability that goes beyond the end of its configuration space".formatted(deviceId));
            }
            return at(config, offset, sizeBytes);
        }

        private int keep(List<Field> fields, int offset, int sizeBytes) {
            int value = look(offset, sizeBytes);
            fields.add(new Field(offset, sizeBytes, value));
            return value;
        }

        private void msi(int at, int control) {
            boolean wide = (control & MSI_64_BIT) != 0;
            keep(before, at + 4, 4);
            if (wide) {
                keep(before, at + 8, 4);
            }
            int data = at + (wide ? 12 : 8);
            keep(before, data, 2);
            if ((control & MSI_MASKS) != 0) {
                keep(before, data + 4, 4);
            }
            after.add(new Field(at + 2, 2, control));
        }

        /** Of one that is not enabled nothing is in use: guests fill the table before they enable it. */
        private void msix(int at, boolean reachable) {
            int control = keep(after, at + 2, 2);
            if ((control & MSIX_ENABLE) == 0) {
                return;
            }
            if (!reachable) {
                throw new ProblemException(
                        ProblemCode.VM_REFUSED,
                        "%s sleeps, or its memory is switched off, with MSI-X enabled: its MSI-X table cannot be read"
                                .formatted(deviceId));
            }
            int where = look(at + 4, 4);
            tableAddress = bar(where & 0x7) + (where & ~0x7);
            int count = (control & MSIX_COUNT) + 1;
            table = Arrays.stream(human.memory(tableAddress, count * MSIX_ENTRY_WORDS))
                    .boxed()
                    .toList();
        }

        private long bar(int index) {
            if (index >= BAR_COUNT || (bars[index] & BAR_IO) != 0) {
                throw new ProblemException(
                        ProblemCode.VM_REFUSED, "the MSI-X table of %s is in no memory".formatted(deviceId));
            }
            long low = Integer.toUnsignedLong(bars[index] & ~BAR_FLAGS);
            boolean wide = (bars[index] & BAR_64_BIT) != 0 && index + 1 < BAR_COUNT;
            return wide ? low | ((long) bars[index + 1] << 32) : low;
        }
    }
}
