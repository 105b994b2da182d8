package io.vnvme.frontend.vfiouser;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.handover.Holder;
import io.vnvme.reactor.Clock;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Reactor;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class Bar0Test {
    private final Reactor reactor = Reactor.stepped(Clock.system());
    private final ConnectionState state = new ConnectionState();
    private final PciConfig config = new PciConfig(false, 65, state);
    private final IrqTable irqs = new IrqTable(new Home(reactor), config, state, Holder.NONE);
    private final FakeDevice device = new FakeDevice();
    private final MemorySegment doorbells = Arena.ofAuto().allocate(4096, 8);
    private final Bar0 bar0 = new Bar0(device, irqs, doorbells, state);
    private final MemorySegment data = Arena.ofAuto().allocate(64, 8);

    Bar0Test() {
        bar0.reset();
    }

    @AfterEach
    void close() {
        irqs.close();
        reactor.close();
    }

    @Test
    void readsOfAnySize() {
        bar0.read(0x1c, 4, data);
        assertThat(data.get(Wire.INT, 0)).isEqualTo(0x1000_001c);
        bar0.read(0x0, 8, data);
        assertThat(data.get(Wire.LONG, 0)).isEqualTo(0x1000_0004_1000_0000L);
        bar0.read(0x1f, 2, data);
        assertThat(data.get(Wire.SHORT, 0)).isEqualTo((short) 0x2010);
        bar0.read(0x3ff8, 8, data);
        assertThat(data.get(Wire.LONG, 0)).isZero();
    }

    @Test
    void writesAreWholeDwords() {
        data.set(Wire.LONG, 0, 0x2222_2222_1111_1111L);
        bar0.write(0x28, 8, data);
        bar0.write(0x30, 2, data);
        bar0.write(0x33, 5, data);
        bar0.write(0x1000, 4, data);
        assertThat(device.calls)
                .containsExactly("write 28 11111111", "write 2c 22222222", "write 34 22111111", "write 1000 11111111");
    }

    @Test
    void doorbellsReadAsStored() {
        doorbells.set(ValueLayout.JAVA_INT, 8, 5);
        bar0.read(0x1008, 4, data);
        assertThat(data.get(Wire.INT, 0)).isEqualTo(5);
    }

    @Test
    void msixTableKeepsWhatIsWrittenAndPendingBitsAreReadOnly() {
        bar0.read(0x200c, 4, data);
        assertThat(data.get(Wire.INT, 0)).isEqualTo(1);
        data.set(Wire.INT, 0, 0xfee0_0000);
        bar0.write(0x2400, 4, data);
        bar0.write(0x2ffc, 4, data);
        bar0.write(0x3000, 4, data);
        bar0.read(0x2400, 4, data);
        assertThat(data.get(Wire.INT, 0)).isEqualTo(0xfee0_0000);
        bar0.read(0x2ffc, 4, data);
        assertThat(data.get(Wire.INT, 0)).isZero();
        data.set(Wire.INT, 0, 0x8000);
        config.write(PciConfig.MSIX_CONTROL, 2, data);
        irqs.raise(33);
        bar0.read(0x3000, 8, data);
        assertThat(data.get(Wire.LONG, 0)).isEqualTo(1L << 33);
        bar0.reset();
        bar0.read(0x2400, 4, data);
        assertThat(data.get(Wire.INT, 0)).isZero();
    }
}
