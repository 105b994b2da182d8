package io.vnvme.nvme;

import java.util.HashMap;
import java.util.Map;

/** An NVM subsystem: the identity that its controllers share. Safe for all threads. */
public final class Subsystem {
    /** Longest NQN and serial number, in bytes. */
    static final int NQN_MAX = 223;

    static final int SERIAL_MAX = 20;
    private static final int CONTROLLER_ID_MAX = 0xffef;

    private final String nqn;
    private final String serial;
    private final String model;
    private final String firmware;
    private volatile boolean multipath;
    /** How many controllers have an identifier: two, while one process takes over from another. */
    private final Map<Integer, Integer> controllerIds = new HashMap<>();

    private int lastControllerId;

    /**
     * A subsystem whose namespaces a host reaches by one controller each.
     *
     * @param nqn NVMe Qualified Name, 1 to 223 printable ASCII characters
     * @param serial serial number, 1 to 20 characters
     * @param model model number, 1 to 40 characters
     * @param firmware firmware revision, 1 to 8 characters
     * @throws IllegalArgumentException when a text is blank, too long, or not printable ASCII
     */
    public Subsystem(String nqn, String serial, String model, String firmware) {
        this.nqn = check("NQN", nqn, NQN_MAX);
        this.serial = check("serial number", serial, SERIAL_MAX);
        this.model = check("model number", model, 40);
        this.firmware = check("firmware revision", firmware, 8);
    }

    public String nqn() {
        return nqn;
    }

    public String serial() {
        return serial;
    }

    public String model() {
        return model;
    }

    public String firmware() {
        return firmware;
    }

    /** Whether controllers of any kind say that there may be others for the same namespace. */
    public boolean multipath() {
        return multipath;
    }

    /** For controllers that are made from now on. */
    public void multipath(boolean several) {
        multipath = several;
    }

    /** A controller identifier that no controller has, and that was not given out lately: 1 to 65519, in a circle. */
    public synchronized int nextControllerId() {
        do {
            lastControllerId = lastControllerId >= CONTROLLER_ID_MAX ? 1 : lastControllerId + 1;
        } while (controllerIds.containsKey(lastControllerId));
        return lastControllerId;
    }

    /** A controller with this identifier is there. */
    synchronized void enter(int controllerId) {
        controllerIds.merge(controllerId, 1, Integer::sum);
    }

    /** It is gone. */
    synchronized void leave(int controllerId) {
        controllerIds.computeIfPresent(controllerId, (_, count) -> count == 1 ? null : count - 1);
    }

    /** A controller takes another identifier. @return false when that is taken */
    synchronized boolean change(int from, int to) {
        if (from == to) {
            return true;
        }
        if (controllerIds.containsKey(to)) {
            return false;
        }
        leave(from);
        enter(to);
        return true;
    }

    private static String check(String what, String text, int lengthMax) {
        boolean printable = text.chars().allMatch(c -> c >= 0x20 && c < 0x7f);
        if (text.isBlank() || text.length() > lengthMax || !printable) {
            throw new IllegalArgumentException(
                    "%s '%s': 1 to %d printable ASCII characters".formatted(what, text, lengthMax));
        }
        return text;
    }
}
