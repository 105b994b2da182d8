package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.time.Duration;
import java.util.List;
import java.util.Map;

/**
 * A VM whose migration an earlier process had begun, at the source. Nothing is done about one whose QEMU is gone.
 *
 * <p>Each throws a {@link ProblemException} when QEMU refuses, or somebody else holds its monitor.
 */
public final class StrandedVm {
    private static final Logger LOG = System.getLogger(StrandedVm.class.getName());
    private static final Duration END_LIMIT = Duration.ofSeconds(30);
    /** Of a monitor that somebody else holds: each takes seconds. */
    private static final int TRIES = 5;
    /** All of it was sent, and it stands still. */
    private static final String SENT = "postmigrate";

    private StrandedVm() {}

    private interface Step {
        void with(MovingVm vm);
    }

    private static void with(VmAddress.Socket address, Step step) {
        for (int tries = 1; true; tries++) {
            try (HeldMonitor monitor = Qmp.connect(address.path())) {
                step.with(new MovingVm(monitor, "source"));
                return;
            } catch (ProblemException e) {
                if (e.code() == ProblemCode.VM_UNREACHABLE) {
                    LOG.log(Level.WARNING, "the VM at {0} is gone: {1}", address, e.detail());
                    return;
                }
                if (e.code() != ProblemCode.VM_MONITOR_BUSY || tries == TRIES) {
                    throw e;
                }
            }
        }
    }

    /** Ends the migration. QEMU lets the VM go on by itself unless all was sent. */
    public static void cancel(VmAddress.Socket address) {
        with(address, vm -> {
            if (!over(vm)) {
                vm.execute("migrate_cancel", Map.of());
                vm.await("done with the migration that was cancelled", END_LIMIT, _ -> over(vm));
            }
            vm.pauseBeforeSwitchover(false);
        });
    }

    private static boolean over(MovingVm vm) {
        return MoveSource.OVER.contains(MovingVm.state(vm.migration()));
    }

    /** It goes on, if all of it was sent; else QEMU has seen to that, or it was paused by somebody. Its drives go on already. */
    public static void goOn(VmAddress.Socket address) {
        with(address, vm -> {
            if (vm.status().equals(SENT)) {
                vm.execute("cont", Map.of());
            }
        });
    }

    /** It is elsewhere: its QEMU ends, if all of it was sent. */
    public static void end(VmAddress.Socket address) {
        with(address, vm -> {
            if (List.of(SENT, "paused", "finish-migrate").contains(vm.status()) && !vm.quit()) {
                LOG.log(Level.WARNING, "QEMU at {0} does not end: end its process, its VM is elsewhere", address);
            }
        });
    }
}
