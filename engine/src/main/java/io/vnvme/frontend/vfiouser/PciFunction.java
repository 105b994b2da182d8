package io.vnvme.frontend.vfiouser;

import io.vnvme.handover.Held;
import io.vnvme.handover.Holder;
import io.vnvme.memory.GuestMemory;
import io.vnvme.os.Errno;
import io.vnvme.os.Fd;
import io.vnvme.os.PeerCredentials;
import io.vnvme.os.Reclaimer;
import io.vnvme.reactor.Home;
import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;

/** One PCI function: a controller, its configuration space, its BAR and its interrupts. */
final class PciFunction implements PciConfig.Effects {
    private static final String PAGE = "page";
    static final String CONTROLLER = "controller";

    private final PciConfig config;
    private final IrqTable irqs;
    private final DoorbellPage doorbells;
    private final Device device;
    private final Bar0 bar0;
    private final boolean trapped;

    private PciFunction(
            PciConfig config,
            IrqTable irqs,
            DoorbellPage doorbells,
            Device device,
            boolean trapped,
            ConnectionState state) {
        this.config = config;
        this.irqs = irqs;
        this.doorbells = doorbells;
        this.device = device;
        this.trapped = trapped;
        this.bar0 = new Bar0(device, irqs, doorbells.segment(), state);
        config.effects(this);
        irqs.level(device::interruptPending);
        if (trapped) {
            device.trapDoorbells();
        }
    }

    /** What a function is made in. */
    record Surroundings(
            Home home,
            Reclaimer reclaimer,
            ControllerFactory factory,
            GuestMemory memory,
            PeerCredentials peer,
            int others,
            ConnectionState state,
            Holder holder,
            Runnable resume) {
        private ControllerFactory.Host host(IrqTable irqs, DoorbellPage doorbells) {
            ControllerFactory.Note note = new ControllerFactory.Note() {
                @Override
                public String get() {
                    return state.note();
                }

                @Override
                public void set(String text) {
                    state.note(text);
                }
            };
            return new ControllerFactory.Host(home, memory, irqs, doorbells.segment(), peer, others, note);
        }
    }

    /** A function as after power-on, or null when the factory wants no further client. */
    static @Nullable PciFunction open(Surroundings in, VfioUserEndpoint.Options options, boolean trapped) {
        ConnectionState state = in.state();
        PciConfig config = new PciConfig(options.msi(), options.vectors(), state);
        IrqTable irqs = new IrqTable(in.home(), config, state, in.holder());
        DoorbellPage doorbells = new DoorbellPage();
        try {
            Device device = in.factory().open(in.host(irqs, doorbells));
            if (device != null) {
                PciFunction function = new PciFunction(config, irqs, doorbells, device, trapped, state);
                function.bar0.reset();
                device.busMaster(false);
                in.holder().keep(PAGE, doorbells.fd().number());
                in.holder().keep(CONTROLLER, device.state().number());
                state.publishInt(ConnectionState.VECTORS, options.vectors());
                return function;
            }
        } catch (RuntimeException e) {
            doorbells.close(in.reclaimer());
            throw e;
        }
        doorbells.close(in.reclaimer());
        return null;
    }

    /**
     * The function that another process had; its controller is yet to be {@link #resume resumed}. Null when the factory does
     * not serve it.
     *
     * @throws IllegalStateException when something of it is not held
     */
    static @Nullable PciFunction adopt(Surroundings in, Held held) {
        ConnectionState state = in.state();
        boolean msi = state.has(ConnectionState.MSI_ONLY);
        boolean trapped = state.has(ConnectionState.TRAPPED);
        PciConfig config = PciConfig.adopt(msi, state.getInt(ConnectionState.VECTORS), state);
        IrqTable irqs = new IrqTable(in.home(), config, state, in.holder());
        irqs.adopt(held);
        DoorbellPage doorbells = new DoorbellPage(held.take(PAGE).orElseThrow(() -> missing(PAGE)));
        try {
            Fd controller = held.take(CONTROLLER).orElseThrow(() -> missing(CONTROLLER));
            Device device = in.factory().adopt(in.host(irqs, doorbells), controller, in.resume());
            if (device != null) {
                PciFunction function = new PciFunction(config, irqs, doorbells, device, trapped, state);
                device.busMaster(config.busMaster());
                return function;
            }
        } catch (RuntimeException e) {
            irqs.close();
            doorbells.close(in.reclaimer());
            throw e;
        }
        irqs.close();
        doorbells.close(in.reclaimer());
        return null;
    }

    private static IllegalStateException missing(String name) {
        return new IllegalStateException("%s is not held".formatted(name));
    }

    /** Goes on where another process ended. */
    void resume() {
        device.resume();
        irqs.reevaluateIntx();
    }

    /** Goes on after a stop. */
    void goneOn() {
        irqs.reevaluateIntx();
    }

    /** Becomes the function that was checked; its controller has its state already. */
    void load(FunctionImage image) {
        config.load(image.config());
        bar0.msixTable(image.msixTable());
        for (int kind = 0; kind < image.owed().size(); kind++) {
            irqs.owe(kind, image.owed().get(kind));
        }
        device.busMaster(config.busMaster());
    }

    PciConfig config() {
        return config;
    }

    Bar0 bar0() {
        return bar0;
    }

    Device device() {
        return device;
    }

    IrqTable irqs() {
        return irqs;
    }

    /** Size of a region in bytes, 0 for one that is not there. */
    static int regionBytes(int region) {
        return switch (region) {
            case Wire.REGION_BAR0 -> Bar0.SIZE;
            case Wire.REGION_CONFIG -> PciConfig.SIZE;
            default -> 0;
        };
    }

    /** True when the doorbells can be mapped. */
    boolean mapsDoorbells() {
        return !trapped;
    }

    /** The file that can be mapped in place of BAR0, at the doorbells. */
    Fd mappable() {
        return doorbells.fd();
    }

    /** @throws RequestException EINVAL when the range is not in the region */
    void read(Request.RegionRead request, MemorySegment target) {
        check(request.region(), request.offset(), request.count());
        if (request.region() == Wire.REGION_BAR0) {
            bar0.read((int) request.offset(), request.count(), target);
        } else {
            config.read((int) request.offset(), request.count(), target);
        }
    }

    /** @throws RequestException EINVAL when the range is not in the region */
    void write(Request.RegionWrite request) {
        check(request.region(), request.offset(), request.count());
        if (request.region() == Wire.REGION_BAR0) {
            bar0.write((int) request.offset(), request.count(), request.data());
        } else {
            config.write((int) request.offset(), request.count(), request.data());
        }
    }

    static void check(int region, long offset, int count) {
        int size = region >= 0 && region < Wire.REGIONS ? regionBytes(region) : 0;
        if (count < 0 || offset < 0 || offset > size - count) {
            throw new RequestException(
                    Errno.EINVAL, "access to region %d, offset 0x%x, %d bytes".formatted(region, offset, count));
        }
    }

    /** DEVICE_RESET: everything as after power-on; the client's eventfds stay. */
    void reset() {
        config.reset();
        functionReset();
        device.busMaster(false);
    }

    /** Ends all that the controller does; it is {@link #close closed} when that has come to rest. */
    void stop() {
        device.busMaster(false);
        device.reset();
        irqs.close();
    }

    void close(Reclaimer reclaimer) {
        device.close();
        doorbells.close(reclaimer);
    }

    @Override
    public void busMaster(boolean enabled) {
        device.busMaster(enabled);
    }

    @Override
    public void intxEnabled() {
        irqs.reevaluateIntx();
    }

    @Override
    public void functionReset() {
        device.reset();
        irqs.reset();
        bar0.reset();
    }

    @Override
    public boolean intxAsserted() {
        return device.interruptPending();
    }
}
