package io.vnvme.testkit.powercut;

import io.vnvme.testkit.sim.CutImage;
import io.vnvme.testkit.sim.ReadLog;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The last recoveries, each with all that it had read. A loader decides by nothing else: a cut that leaves the same in all
 * those places leaves the same pool, and is not loaded again. Most cuts differ in data alone, or in which writes of data
 * survive.
 */
final class Recoveries {
    private static final int KEPT = 24;

    /** @param looked the drives that were looked at */
    private record Known(BitSet looked, List<ReadLog> logs, FoundPool found) {
        boolean matches(BitSet drives, List<CutImage> images) {
            if (!looked.equals(drives)) {
                return false;
            }
            for (int i = 0; i < images.size(); i++) {
                if (!logs.get(i).matches(images.get(i))) {
                    return false;
                }
            }
            return true;
        }
    }

    /** The one that served last comes first. */
    private final List<Known> last = new ArrayList<>();

    /** What was found when the same lay in all places that count; null when that is not among the last. */
    @Nullable
    FoundPool find(BitSet drives, List<CutImage> images) {
        for (int i = 0; i < last.size(); i++) {
            Known known = last.get(i);
            if (known.matches(drives, images)) {
                last.remove(i);
                last.addFirst(known);
                return known.found().again();
            }
        }
        return null;
    }

    /** Keeps what {@code load} finds on the images, and by what. */
    FoundPool add(BitSet drives, List<CutImage> images, Supplier<FoundPool> load) {
        List<ReadLog> logs = new ArrayList<>();
        for (CutImage image : images) {
            ReadLog log = new ReadLog();
            logs.add(log);
            image.log(log);
        }
        FoundPool found;
        try {
            found = load.get();
        } finally {
            images.forEach(image -> image.log(null));
        }
        if (last.size() == KEPT) {
            last.removeLast();
        }
        last.addFirst(new Known((BitSet) drives.clone(), logs, found));
        return found;
    }

    void forget() {
        last.clear();
    }
}
