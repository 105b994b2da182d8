package io.vnvme.control.model;

import java.util.Locale;
import java.util.Optional;

/** What somebody may do; each may do all that those before it may. */
public enum Role {
    /** Look. */
    VIEWER,
    /** Make, change, attach and remove vNVMes, snapshots and groups. */
    OPERATOR,
    /** All: drives, pools, files of the host, tokens, the audit log. */
    ADMIN;

    /** Whether it is enough where {@code needed} is. */
    public boolean covers(Role needed) {
        return compareTo(needed) >= 0;
    }

    /** The name on the wire: {@code operator}. */
    public String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    public static Optional<Role> of(String text) {
        for (Role role : values()) {
            if (role.text().equals(text)) {
                return Optional.of(role);
            }
        }
        return Optional.empty();
    }
}
