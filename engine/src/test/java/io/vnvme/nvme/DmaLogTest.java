package io.vnvme.nvme;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.IoOpcode;
import io.vnvme.nvme.wire.Status;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What the controller writes into guest memory is noted: found by comparing all of it. */
class DmaLogTest {
    private static final long SHADOW = Host.BASE + 900 * 4096L;
    private static final long EVENT_INDEX = Host.BASE + 901 * 4096L;

    private Host host = Host.ready();

    @AfterEach
    void close() {
        host.close();
    }

    private Set<Long> taken() {
        Set<Long> pages = new HashSet<>();
        host.memory.log().take(0, -1, pages::add);
        return pages;
    }

    private static void differing(MemorySegment before, MemorySegment after, Set<Long> pages) {
        for (long page = 0; page < Host.PAGES; page++) {
            long at = page * 4096;
            if (MemorySegment.mismatch(before, at, at + 4096, after, at, at + 4096) >= 0) {
                pages.add(Host.BASE + at);
            }
        }
    }

    private static Host byMessages() {
        Host host = Host.byMessages();
        host.controller.namespaces().attach(host.namespace(1));
        host.enable();
        host.step();
        host.createPair(host.io);
        return host;
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void everyPageThatChangesIsNoted(boolean messages) {
        if (messages) {
            host.close();
            host = byMessages();
        }
        Random random = new Random(11);
        random.ints(4096).forEach(i -> host.volume.media.setAtIndex(ValueLayout.JAVA_INT, random.nextInt(1 << 20), i));
        host.memory.log().start(this);
        MemorySegment before = host.arena.allocate(host.ram.byteSize());
        Set<Long> changed = new HashSet<>();
        Set<Long> noted = new HashSet<>();
        for (int i = 0; i < 400; i++) {
            host.volume.asynchronous = random.nextBoolean();
            long data = Host.DATA + random.nextInt(400) * 4096L + random.nextInt(8) * 512L;
            boolean admin = random.nextInt(5) == 0;
            if (admin) {
                // Identify Controller, Get Features with data, a log page
                switch (random.nextInt(3)) {
                    case 0 ->
                        host.admin(AdminOpcode.IDENTIFY)
                                .dptr(data, (data & -4096) + 4096)
                                .dword(10, 1)
                                .submit();
                    case 1 ->
                        host.admin(AdminOpcode.GET_FEATURES)
                                .dptr(data, 0)
                                .dword(10, 0x0e)
                                .submit();
                    default ->
                        host.admin(AdminOpcode.GET_LOG_PAGE)
                                .nsid(-1)
                                .dptr(data, 0)
                                .dword(10, 2 | 127 << 16)
                                .submit();
                }
            } else {
                int opcode = random.nextInt(3) == 0 ? IoOpcode.WRITE : IoOpcode.READ;
                host.io(opcode)
                        .blocks(random.nextInt(4000), 1 + random.nextInt(8), data)
                        .submit();
            }
            before.copyFrom(host.ram);
            host.step();
            host.volume.completeAll();
            host.step();
            differing(before, host.ram, changed);
            if (random.nextInt(20) == 0) {
                noted.addAll(taken());
                assertThat(noted).containsAll(changed);
                noted.clear();
                changed.clear();
            }
            while (host.poll(admin ? host.admin : host.io) != null) {
                // Takes what is there.
            }
        }
        noted.addAll(taken());
        assertThat(noted).containsAll(changed);
    }

    @Test
    void aPageThatIsTakenWhileItIsReadIntoIsNotedAgain() {
        host.volume.asynchronous = true;
        host.volume.media.set(ValueLayout.JAVA_LONG, 0, 77);
        host.io(IoOpcode.READ).blocks(0, 1, Host.DATA).submit();
        host.step();
        host.memory.log().start(this);
        host.step();
        assertThat(taken()).as("a page whose read has not ended").doesNotContain(Host.DATA);
        host.volume.completeAll();
        assertThat(taken()).contains(Host.DATA);
    }

    @Test
    void aReadThatAResetMadeVoidIsNoted() {
        host.volume.asynchronous = true;
        host.io(IoOpcode.READ).blocks(0, 1, Host.DATA).submit();
        host.step();
        host.memory.log().start(this);
        host.controller.reset();
        host.volume.completeAll();
        assertThat(taken()).contains(Host.DATA);
    }

    @Test
    void aReadThatFailsIsNoted() {
        host.memory.log().start(this);
        host.volume.answer = io.vnvme.drive.IoStatus.READ_ERROR;
        assertThat(host.io(IoOpcode.READ).blocks(0, 1, Host.DATA).run().status())
                .isNotEqualTo(Status.SUCCESS);
        assertThat(taken()).contains(Host.DATA);
    }

    @Test
    void doorbellBuffersAreNoted() {
        host.controller.trapDoorbells();
        host.memory.log().start(this);
        host.admin(AdminOpcode.DOORBELL_BUFFER_CONFIG).dptr(SHADOW, EVENT_INDEX).run();
        assertThat(taken()).contains(SHADOW, EVENT_INDEX);
        host.step();
        assertThat(taken()).isEmpty();
        host.controller.prepareSleep(host.nowNs);
        assertThat(taken()).as("positions at which to ring").containsExactly(EVENT_INDEX);
    }
}
