package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.vnvme.os.FdQueue;
import io.vnvme.os.UnixSocket;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class DmaChannelTest {
    private static final int MEMORY_BYTES = 1 << 20;

    private final UnixSocket[] pair = UnixSocket.pair();
    private final UnixSocket client = pair[0];
    private final ConnectionState state = new ConnectionState();
    private final Outbox outbox = new Outbox(pair[1], state);
    private final DmaChannel channel = new DmaChannel(outbox, state);
    private final MemorySegment memory = Arena.ofAuto().allocate(MEMORY_BYTES);
    private final MemorySegment message = Arena.ofAuto().allocate(1 << 18, 8);
    private final List<Boolean> ended = new ArrayList<>();

    DmaChannelTest() {
        client.blocking(false);
        pair[1].blocking(false);
        for (int i = 0; i < MEMORY_BYTES; i++) {
            memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 7 + (i >> 8)));
        }
        memory.set(ValueLayout.JAVA_INT, 0, 6);
    }

    @AfterEach
    void close() {
        client.close();
        pair[1].close();
    }

    /** Takes one command as the client; its size, or 0 when there is none. */
    private int take() {
        outbox.publish(0);
        outbox.flush();
        try (FdQueue fds = new FdQueue(1)) {
            int received = 0;
            int size = Header.SIZE;
            while (received < size) {
                int count = client.receive(message, received, size - received, fds);
                if (count == UnixSocket.WOULD_BLOCK) {
                    if (received == 0) {
                        return 0;
                    }
                    outbox.flush();
                } else {
                    received += count;
                    size = received == Header.SIZE ? (int) Header.sizeBytes(message) : size;
                }
            }
            return size;
        }
    }

    /** Answers the command taken last from {@link #memory}. */
    private void answer(DmaLayout layout) {
        MemorySegment body = message.asSlice(Header.SIZE);
        long address = body.get(Wire.LONG, 0);
        int count = body.get(Wire.INT, 8);
        if (Header.command(message) == Wire.DMA_READ) {
            body.set(Wire.INT, 12, 0);
            MemorySegment.copy(memory, address, body, layout.dataOffset(), count);
            channel.reply(message, body.asSlice(0, DmaLayout.FIXED + count));
        } else {
            MemorySegment.copy(body, layout.dataOffset(), memory, address, count);
            channel.reply(message, body.asSlice(0, layout == DmaLayout.QEMU ? 0 : 16));
        }
    }

    @ParameterizedTest
    @EnumSource
    void bothLayouts(DmaLayout layout) {
        MemorySegment target = Arena.ofAuto().allocate(64);
        channel.read(0, target, ended::add);
        assertThat(take()).isZero();
        channel.poll();
        assertThat(take()).isEqualTo(32);
        answer(layout);
        assertThat(ended).isEmpty();
        channel.poll();
        assertThat(ended).containsExactly(true);
        assertThat(target.mismatch(memory.asSlice(0, 64))).isEqualTo(-1);
        target.fill((byte) 0x5a);
        channel.write(4096, target, ended::add);
        channel.poll();
        assertThat(take()).isEqualTo(32 + 64);
        answer(layout);
        channel.poll();
        assertThat(ended).containsExactly(true, true);
        assertThat(target.mismatch(memory.asSlice(4096, 64))).isEqualTo(-1);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 4095)).isNotEqualTo((byte) 0x5a);
        assertThat(memory.get(ValueLayout.JAVA_BYTE, 4160)).isNotEqualTo((byte) 0x5a);
    }

    @Test
    void longTransfersAreCutAndAWindowIsKept() {
        channel.transferMax(4096);
        MemorySegment target = Arena.ofAuto().allocate(100_000);
        channel.read(0, target, ended::add);
        channel.poll();
        int commands = 0;
        int onTheWay = 0;
        while (take() > 0) {
            onTheWay++;
            commands++;
            if (onTheWay == 16) {
                break;
            }
        }
        assertThat(take()).isZero();
        assertThat(onTheWay).isEqualTo(16);
        // The last of the window was taken last: answer that one, and all that follow.
        answer(DmaLayout.QEMU);
        channel.poll();
        while (take() > 0) {
            commands++;
            answer(DmaLayout.QEMU);
            channel.poll();
        }
        assertThat(commands).isEqualTo(25);
        assertThat(ended).isEmpty();
    }

    /** QEMU loses the rest of a reply that its socket does not take at once. */
    @Test
    void whatReadsMayBringBackFitsASocket() {
        MemorySegment target = Arena.ofAuto().allocate(500_000);
        channel.read(0, target, ended::add);
        channel.poll();
        int bytes = 0;
        while (take() > 0) {
            bytes += message.get(Wire.INT, Header.SIZE + 8);
        }
        assertThat(bytes).isEqualTo(64 << 10);
        answer(DmaLayout.QEMU);
        channel.poll();
        assertThat(take()).isPositive();
        assertThat(take()).isZero();
    }

    @Test
    void refusalsAndShortRepliesFail() {
        MemorySegment target = Arena.ofAuto().allocate(64);
        channel.read(0, target, ended::add);
        channel.read(64, target, ended::add);
        channel.read(0, target.asSlice(0, 0), ended::add);
        channel.poll();
        assertThat(ended).containsExactly(true);
        take();
        Header.write(message, Header.id(message), Wire.DMA_READ, 16, Header.TYPE_REPLY | Header.FLAG_ERROR, 14);
        channel.reply(message, message.asSlice(0, 0));
        take();
        channel.reply(message, message.asSlice(Header.SIZE, 70));
        channel.poll();
        assertThat(ended).containsExactly(true, false, false);
    }

    @Test
    void repliesToNothing() {
        Header.write(message, 9, Wire.DMA_READ, 16, Header.TYPE_REPLY, 0);
        assertThatThrownBy(() -> channel.reply(message, message.asSlice(0, 0))).isInstanceOf(ConnectionException.class);
        channel.read(0, Arena.ofAuto().allocate(64), ended::add);
        channel.poll();
        take();
        Header.write(message, Header.id(message), Wire.DMA_WRITE, 16, Header.TYPE_REPLY, 0);
        assertThatThrownBy(() -> channel.reply(message, message.asSlice(0, 0))).isInstanceOf(ConnectionException.class);
    }

    @Test
    void everyTransferEndsOnceWhenTheConnectionDoes() {
        channel.transferMax(4096);
        MemorySegment target = Arena.ofAuto().allocate(40_000);
        channel.read(0, target, ended::add);
        channel.write(0, target, ended::add);
        channel.read(0, target, ok -> {
            ended.add(ok);
            channel.read(0, target, ended::add);
        });
        channel.poll();
        channel.close();
        assertThat(ended).containsExactlyInAnyOrder(false, false, false, false);
        channel.read(0, target, ended::add);
        assertThat(ended).hasSize(4);
        channel.poll();
        assertThat(ended).hasSize(5).doesNotContain(true);
    }
}
