package io.vnvme.bench.report;

import io.vnvme.bench.load.Workload;

/** The sentences that the page and the table share. */
final class Words {
    private static final double DRAW = 0.9;
    private static final double FAR_ABOVE = 2;

    private Words() {}

    /** What the guest's figures can say on this machine, in one line. */
    static String guestCaption(Results results) {
        return results.emulated()
                ? "software emulation: the guest's CPU is the limit, so all ways look alike"
                : "KVM: the guest runs on the host's processor";
    }

    /** The same for the page, with the reason. */
    static String guestExplanation(Results results) {
        if (!results.emulated()) {
            return "The guest ran on the host's own processor (KVM). Guest, QEMU and the daemon share "
                    + results.machine().cpus() + " processors here, which lowers every figure; the last line, a null "
                    + "device inside the guest, is the most that this guest can do with any drive.";
        }
        return "This machine offers no working KVM, so QEMU executed the guest's instructions in software, some ten "
                + "times slower than a processor does. The guest's own Linux block layer then uses up the time, whatever drive "
                + "is behind it: the last line, a null device inside the guest that moves no data at all, is the most that this "
                + "guest can do. These figures show that everything works in a real guest. They do not show how "
                + "fast it is: for that, read the host's figures.";
    }

    /** The result in one sentence. */
    static String verdict(Results results) {
        Ratios ratios = results.ratios();
        double bare = lowest(ratios.vnvmeToBare());
        double legacy = lowest(ratios.vnvmeToLegacy());
        String speed = bare >= DRAW
                ? "The vNVMe runs at the speed of the bare drive"
                : "The vNVMe reaches " + Units.ratio(bare) + " of the bare drive's speed";
        String gain = legacy >= FAR_ABOVE
                ? " and at " + Units.ratio(legacy) + " times the speed of the legacy virtual disk or more."
                : " and " + Units.ratio(legacy) + " times that of the legacy virtual disk.";
        return speed + gain;
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
