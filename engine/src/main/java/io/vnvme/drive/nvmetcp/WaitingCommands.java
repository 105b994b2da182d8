package io.vnvme.drive.nvmetcp;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Commands that are sent later: when the controller that had them can carry them out no more, or when what stood in their way may
 * have passed.
 */
final class WaitingCommands {
    private final List<RemoteCommand> all = new ArrayList<>();

    int size() {
        return all.size();
    }

    void add(RemoteCommand command, long untilNs) {
        command.waitUntilNs = untilNs;
        all.add(command);
    }

    /** One whose time has come, which is here no more; null: there is none. */
    @Nullable
    RemoteCommand next(long nowNs) {
        for (int i = all.size() - 1; i >= 0; i--) {
            if (nowNs >= all.get(i).waitUntilNs) {
                return all.remove(i);
            }
        }
        return null;
    }

    /** Until the first one's time comes, or {@code limitNs} if that is less. */
    long leftNs(long atNs, long limitNs) {
        long leftNs = limitNs;
        for (int i = 0; i < all.size(); i++) {
            leftNs = Math.min(leftNs, Math.max(0, all.get(i).waitUntilNs - atNs));
        }
        return leftNs;
    }
}
