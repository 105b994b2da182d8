package io.vnvme.testkit.nvme;

import static io.vnvme.testkit.nvme.Guest.outcome;
import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import io.vnvme.testkit.driver.Command;
import io.vnvme.testkit.driver.InProcessDevice;
import io.vnvme.testkit.driver.NvmeDriver;
import io.vnvme.testkit.driver.Prp;
import io.vnvme.testkit.driver.QueuePair;
import io.vnvme.testkit.ram.Buffer;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Reservations between two hosts (NVM Express Base 2.0, 7.2 to 7.5 and 8.19). */
final class ReservationTest {
    private static final int HOST_ID = 0x81;
    private static final int WRITE_EXCLUSIVE = 1;
    private static final int EXCLUSIVE_ACCESS = 2;

    private final Guest guest = Guest.start();
    private final InProcessDevice otherDevice = guest.otherDevice();
    private final NvmeDriver other = NvmeDriver.start(otherDevice);
    private final QueuePair mine = guest.ioPair();
    private final QueuePair theirs = other.createPair(1, 32, 1);

    @BeforeEach
    void name() {
        hostId(guest.driver(), 0x1111);
        hostId(other, 0x2222);
    }

    @AfterEach
    void close() {
        otherDevice.close();
        guest.close();
    }

    private static void hostId(NvmeDriver driver, long id) {
        try (Buffer data = driver.device().ram().allocate(4096)) {
            data.segment().set(ValueLayout.JAVA_LONG, 0, id);
            driver.admin(Command.setFeature(HOST_ID, 1), data).orThrow();
        }
    }

    private static String run(QueuePair pair, Command command, long first, long second) {
        try (Buffer data = pair.driver().device().ram().allocate(4096)) {
            data.segment().set(ValueLayout.JAVA_LONG, 0, first);
            data.segment().set(ValueLayout.JAVA_LONG, 8, second);
            return outcome(pair.execute(command, Prp.of(data)));
        }
    }

    private static String register(QueuePair pair, long key) {
        return run(pair, Command.of(IoOpcode.RESERVATION_REGISTER).nsid(1), 0, key);
    }

    private static String acquire(QueuePair pair, long key, int type) {
        return run(pair, Command.of(IoOpcode.RESERVATION_ACQUIRE).nsid(1).dword(10, type << 8), key, 0);
    }

    private static String preempt(QueuePair pair, long key, long victim, int type) {
        return run(pair, Command.of(IoOpcode.RESERVATION_ACQUIRE).nsid(1).dword(10, 1 | type << 8), key, victim);
    }

    private static String release(QueuePair pair, long key, int type) {
        return run(pair, Command.of(IoOpcode.RESERVATION_RELEASE).nsid(1).dword(10, type << 8), key, 0);
    }

    private static String io(QueuePair pair, int opcode) {
        return run(pair, Command.of(opcode).nsid(1).range(0, 1), 0, 0);
    }

    private static final String OK = outcome(Status.SUCCESS);
    private static final String CONFLICT = outcome(Status.RESERVATION_CONFLICT);

    @Test
    void writeExclusiveKeepsOthersFromWriting() {
        assertThat(acquire(mine, 1, WRITE_EXCLUSIVE)).as("not registered").isEqualTo(CONFLICT);
        assertThat(register(mine, 1)).isEqualTo(OK);
        assertThat(acquire(mine, 2, WRITE_EXCLUSIVE)).as("wrong key").isEqualTo(CONFLICT);
        assertThat(acquire(mine, 1, WRITE_EXCLUSIVE)).isEqualTo(OK);
        assertThat(io(mine, IoOpcode.WRITE)).isEqualTo(OK);
        assertThat(io(theirs, IoOpcode.READ)).isEqualTo(OK);
        assertThat(io(theirs, IoOpcode.WRITE)).isEqualTo(CONFLICT);
        assertThat(io(theirs, IoOpcode.WRITE_ZEROES)).isEqualTo(CONFLICT);
        assertThat(release(mine, 1, EXCLUSIVE_ACCESS)).as("other type").isNotEqualTo(OK);
        assertThat(release(mine, 1, WRITE_EXCLUSIVE)).isEqualTo(OK);
        assertThat(io(theirs, IoOpcode.WRITE)).isEqualTo(OK);
    }

    @Test
    void exclusiveAccessKeepsOthersOut() {
        register(mine, 1);
        register(theirs, 2);
        assertThat(acquire(mine, 1, EXCLUSIVE_ACCESS)).isEqualTo(OK);
        assertThat(acquire(theirs, 2, EXCLUSIVE_ACCESS)).isEqualTo(CONFLICT);
        assertThat(io(theirs, IoOpcode.READ)).isEqualTo(CONFLICT);
        assertThat(io(theirs, IoOpcode.COMPARE)).isEqualTo(CONFLICT);
        assertThat(preempt(theirs, 2, 1, EXCLUSIVE_ACCESS)).isEqualTo(OK);
        assertThat(io(theirs, IoOpcode.WRITE)).isEqualTo(OK);
        assertThat(io(mine, IoOpcode.READ)).isEqualTo(CONFLICT);
    }

    @Test
    void reportTellsRegistrants() {
        register(mine, 0xAB);
        register(theirs, 0xCD);
        acquire(mine, 0xAB, WRITE_EXCLUSIVE);
        try (Buffer data = guest.ram().allocate(4096)) {
            Command report = Command.of(IoOpcode.RESERVATION_REPORT)
                    .nsid(1)
                    .dword(10, 1023)
                    .dword(11, 1);
            assertThat(outcome(mine.execute(report, Prp.of(data)))).isEqualTo(OK);
            assertThat(data.segment().get(ValueLayout.JAVA_BYTE, 4)).as("type").isEqualTo((byte) WRITE_EXCLUSIVE);
            assertThat(data.segment().get(ValueLayout.JAVA_SHORT_UNALIGNED, 5))
                    .as("registrants")
                    .isEqualTo((short) 2);
        }
    }
}
