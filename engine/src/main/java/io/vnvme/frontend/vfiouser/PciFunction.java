package io.vnvme.frontend.vfiouser;

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
    private final PciConfig config;
    private final IrqTable irqs;
    private final DoorbellPage doorbells;
    private final Device device;
    private final Bar0 bar0;
    private final boolean trapped;

    private PciFunction(PciConfig config, IrqTable irqs, DoorbellPage doorbells, Device device, boolean trapped) {
        this.config = config;
        this.irqs = irqs;
        this.doorbells = doorbells;
        this.device = device;
        this.trapped = trapped;
        this.bar0 = new Bar0(device, irqs, doorbells.segment());
        config.effects(this);
        irqs.level(device::interruptPending);
        device.busMaster(false);
        if (trapped) {
            device.trapDoorbells();
        }
    }

    /** A function as after power-on, or null when the factory wants no further client. */
    static @Nullable PciFunction open(
            Home home,
            Reclaimer reclaimer,
            VfioUserEndpoint.Options options,
            ControllerFactory factory,
            GuestMemory memory,
            PeerCredentials peer,
            int others,
            Capabilities capabilities) {
        PciConfig config = new PciConfig(options.msi(), options.vectors());
        IrqTable irqs = new IrqTable(home, config);
        DoorbellPage doorbells = new DoorbellPage();
        try {
            Device device =
                    factory.open(new ControllerFactory.Host(home, memory, irqs, doorbells.segment(), peer, others));
            if (device != null) {
                return new PciFunction(
                        config, irqs, doorbells, device, options.doorbells().traps(capabilities));
            }
        } catch (RuntimeException e) {
            doorbells.close(reclaimer);
            throw e;
        }
        doorbells.close(reclaimer);
        return null;
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
