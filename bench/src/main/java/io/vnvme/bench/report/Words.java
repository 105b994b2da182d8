package io.vnvme.bench.report;

import io.vnvme.bench.load.Workload;

/** The sentences that the page and the table share. */
final class Words {
    private static final double DRAW = 0.9;
    private static final double DISTURBING = 0.05;
    private static final double PERCENT = 100;

    private Words() {}

    /** What the guest's figures can say on this machine, in one line. */
    static String guestCaption(Results results) {
        return results.emulated()
                ? "software emulation, its CPU is the limit: proof that it works, not of speed"
                : "KVM, on the host's own processor";
    }

    /** The same for the page, with the reason. */
    static String guestExplanation(Results results) {
        if (!results.emulated()) {
            return "The guest ran on the host's own processor (KVM). Guest, QEMU and the daemon share "
                    + results.machine().cpus() + " processors here, which lowers every figure; the last line, a null "
                    + "device inside the guest, is the most that this guest can do with any drive.";
        }
        return "This machine offers no working KVM, so QEMU executed the guest's instructions in software, "
                + "some ten times slower than a processor does. The guest's own Linux block layer then uses up "
                + "the time, whatever drive is behind it: the last line, a null device inside the guest that "
                + "moves no data at all, is the most that this guest can do. So all ways come out much alike, "
                + "and what differs says more about the emulator than about the drives. These figures show that"
                + " everything works in a real guest. How fast it is, the host's figures show.";
    }

    /** The result in one sentence. */
    static String verdict(Results results) {
        Ratios ratios = results.ratios();
        double bare = lowest(ratios.vnvmeToBare());
        double legacy = lowest(ratios.vnvmeToLegacy());
        String speed = bare >= DRAW
                ? "The vNVMe runs at the speed of the bare drive (" + Units.ratio(bare) + " of it) and reaches "
                : "The vNVMe reaches " + Units.ratio(bare) + " of the bare drive's speed, and ";
        return speed + Units.ratio(legacy) + " times the speed of the legacy virtual disk, or more.";
    }

    /** A warning when other programs took part of the machine while the host was measured; empty when they did not. */
    static String disturbance(Results results) {
        return results.otherLoad() < DISTURBING
                ? ""
                : "Other programs used " + Math.round(results.otherLoad() * PERCENT)
                        + " % of this machine's processors meanwhile: the host's figures are too low.";
    }

    /** The line for one ratio: {@code 0.97 (0.95 to 0.99)}. */
    static String withRange(Ratio ratio) {
        return Units.ratio(ratio.median()) + " (" + Units.ratio(ratio.low()) + " to " + Units.ratio(ratio.high()) + ")";
    }

    private static double lowest(Ratios.Pair pair) {
        return Math.min(
                pair.of(Workload.RANDREAD).median(), pair.of(Workload.RANDWRITE).median());
    }
}
