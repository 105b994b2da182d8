package io.vnvme.frontend.vfiouser;

import io.vnvme.nvme.Controller;
import io.vnvme.os.Fd;
import java.util.Optional;

/** A {@link Controller} as the front end sees it. */
final class ControllerDevice implements Device {
    private final Controller controller;
    private final Runnable closing;

    ControllerDevice(Controller controller, Runnable closing) {
        this.controller = controller;
        this.closing = closing;
    }

    @Override
    public int readRegister(int offset) {
        return (int) controller.readRegister(offset, Integer.BYTES);
    }

    @Override
    public void writeRegister(int offset, int value) {
        controller.writeRegister(offset, Integer.BYTES, value);
    }

    @Override
    public boolean interruptPending() {
        return controller.interruptPending();
    }

    @Override
    public void busMaster(boolean enabled) {
        controller.busMaster(enabled);
    }

    @Override
    public void reset() {
        controller.reset();
    }

    @Override
    public int poll(long nowNs) {
        return controller.poll(nowNs);
    }

    @Override
    public long prepareSleep(long nowNs) {
        return controller.prepareSleep(nowNs);
    }

    @Override
    public void trapDoorbells() {
        controller.trapDoorbells();
    }

    @Override
    public boolean rungByWrites() {
        return controller.rungByWrites();
    }

    @Override
    public boolean quiescent() {
        return controller.quiescent();
    }

    @Override
    public Fd state() {
        return controller.stateFd();
    }

    @Override
    public void resume() {
        controller.resume();
    }

    @Override
    public Optional<Controller> controller() {
        return Optional.of(controller);
    }

    @Override
    public void close() {
        closing.run();
        controller.close();
    }
}
