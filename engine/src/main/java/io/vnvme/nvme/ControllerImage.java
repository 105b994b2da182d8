package io.vnvme.nvme;

import io.vnvme.devicestate.DeviceStateException;
import io.vnvme.devicestate.DeviceStateReader;
import io.vnvme.devicestate.DeviceStateWriter;
import io.vnvme.devicestate.Section;
import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.AsyncEvent;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.Registers;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.BitSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What a controller is at a moment, as it goes to another process or host (docs/formats/device-state.md): whose drive it shows,
 * its registers, features and events, its queues with the commands that are in their slots.
 *
 * <p>Read from a stream, it is checked as far as it says something by itself; {@link Standstill#load} compares it with the
 * controller that is to become it.
 */
public final class ControllerImage {
    private static final int IDENTITY = 1;
    private static final int CONTROLLER = 2;
    private static final int SUBMISSION_QUEUE = 3;
    private static final int COMPLETION_QUEUE = 4;

    /** Registers, features and events lie together in the controller's state. */
    private static final long FIELDS = ControllerState.CC;

    private static final int FIELDS_BYTES = 0x400;
    private static final int CONTROLLER_ID_MAX = 0xffef;
    private static final int CSTS_BITS = Registers.CSTS_RDY | Registers.CSTS_CFS | Registers.CSTS_SHST_MASK;
    private static final Set<Integer> EVENTS = Set.of(
            AsyncEvent.INVALID_DOORBELL_REGISTER,
            AsyncEvent.INVALID_DOORBELL_VALUE,
            AsyncEvent.NAMESPACE_CHANGED,
            AsyncEvent.ANA_CHANGED,
            AsyncEvent.RESERVATION_LOG);

    private final ImageIdentity identity;
    private final int controllerId;
    /** How long ago the host has set the timestamp: clocks differ. */
    private final long timestampAgeNs;

    private final MemorySegment fields;
    private final Map<Integer, ImageQueue.Submission> submissions = new TreeMap<>();
    private final Map<Integer, ImageQueue.Completion> completions = new TreeMap<>();

    private ControllerImage(ImageIdentity identity, int controllerId, long timestampAgeNs, byte[] fields) {
        this.identity = identity;
        this.controllerId = controllerId;
        this.timestampAgeNs = timestampAgeNs;
        this.fields = MemorySegment.ofArray(fields);
    }

    /** Of a controller that stands still. */
    static ControllerImage of(Controller controller) {
        ControllerState state = controller.state();
        long age = System.nanoTime() - state.getLong(ControllerState.TIMESTAMP_SET_NS);
        byte[] fields = state.segment().asSlice(FIELDS, FIELDS_BYTES).toArray(ValueLayout.JAVA_BYTE);
        ControllerImage image =
                new ControllerImage(ImageIdentity.of(controller), controller.controllerId(), age, fields);
        for (int id = 0; id < ControllerState.QUEUES; id++) {
            if (state.hasQueue(id, true)) {
                image.submissions.put(id, ImageQueue.Submission.of(state, controller.doorbells(), id));
            }
            if (state.hasQueue(id, false)) {
                image.completions.put(id, ImageQueue.Completion.of(state, controller.doorbells(), id));
            }
        }
        return image;
    }

    ImageIdentity identity() {
        return identity;
    }

    public void write(DeviceStateWriter out) {
        out.section(IDENTITY);
        identity.write(out);
        out.section(CONTROLLER);
        out.putInt(controllerId);
        out.putLong(timestampAgeNs);
        out.putBytes(fields);
        for (ImageQueue.Completion queue : completions.values()) {
            out.section(COMPLETION_QUEUE);
            queue.write(out);
        }
        for (ImageQueue.Submission queue : submissions.values()) {
            out.section(SUBMISSION_QUEUE);
            queue.write(out);
        }
    }

    /** @throws DeviceStateException when it is of no controller */
    public static ControllerImage read(DeviceStateReader in) {
        Section identitySection = in.only(IDENTITY);
        ImageIdentity identity = ImageIdentity.read(identitySection);
        Section controller = in.only(CONTROLLER);
        int controllerId = controller.getInt();
        long age = controller.getLong();
        ControllerImage image = new ControllerImage(identity, controllerId, age, controller.getBytes(FIELDS_BYTES));
        controller.end();
        for (Section section : in.all(COMPLETION_QUEUE)) {
            ImageQueue.Completion queue = ImageQueue.Completion.read(section);
            refuse(
                    image.completions.put(queue.id(), queue) != null,
                    "completion queue %d is there twice".formatted(queue.id()));
        }
        for (Section section : in.all(SUBMISSION_QUEUE)) {
            ImageQueue.Submission queue = ImageQueue.Submission.read(section);
            refuse(
                    image.submissions.put(queue.id(), queue) != null,
                    "submission queue %d is there twice".formatted(queue.id()));
        }
        refuse(age < 0, "a timestamp of %d ns ahead".formatted(-age));
        image.checkRegisters();
        image.checkFeatures();
        image.checkEvents();
        image.checkQueues();
        return image;
    }

    private int field(long offset) {
        return fields.get(ValueLayout.JAVA_INT_UNALIGNED, offset - FIELDS);
    }

    private long longField(long offset) {
        return fields.get(ValueLayout.JAVA_LONG_UNALIGNED, offset - FIELDS);
    }

    private static void refuse(boolean wrong, String why) {
        if (wrong) {
            throw new DeviceStateException(why);
        }
    }

    private int configuration() {
        return field(ControllerState.CC);
    }

    /** Whether there are queues that are served. */
    private boolean running() {
        int csts = field(ControllerState.CSTS);
        return Registers.enabled(configuration())
                && (csts & Registers.CSTS_RDY) != 0
                && (csts & Registers.CSTS_CFS) == 0;
    }

    private void checkRegisters() {
        int cc = configuration();
        int csts = field(ControllerState.CSTS);
        refuse(controllerId < 1 || controllerId > CONTROLLER_ID_MAX, "CNTLID %d".formatted(controllerId));
        refuse((cc & ~RegisterAccess.CC_MASK) != 0, "CC 0x%x".formatted(cc));
        refuse((csts & ~CSTS_BITS) != 0, "CSTS 0x%x".formatted(csts));
        refuse(
                (csts & Registers.CSTS_SHST_MASK) == Registers.CSTS_SHST_OCCURRING,
                "it is shutting down: CSTS 0x%x".formatted(csts));
        boolean ready = (csts & Registers.CSTS_RDY) != 0;
        refuse(
                (csts & Registers.CSTS_CFS) == 0 && Registers.enabled(cc) != ready,
                "CC 0x%x with CSTS 0x%x".formatted(cc, csts));
        int aqa = field(ControllerState.AQA);
        refuse((aqa & ~0x0fff_0fff) != 0, "AQA 0x%x".formatted(aqa));
        refuse(
                ((longField(ControllerState.ASQ) | longField(ControllerState.ACQ)) & 0xfff) != 0,
                "ASQ 0x%x, ACQ 0x%x".formatted(longField(ControllerState.ASQ), longField(ControllerState.ACQ)));
    }

    /** Of the others a host can set any value, or nothing depends on them. */
    private void checkFeatures() {
        int power = field(ControllerState.FEATURES + 4L * FeatureId.POWER_MANAGEMENT);
        refuse((power & ~0xe0) != 0, "power management 0x%x".formatted(power));
        int behavior = field(ControllerState.FEATURES + 4L * FeatureId.HOST_BEHAVIOR);
        refuse((behavior & ~1) != 0, "host behavior 0x%x".formatted(behavior));
        int over = field(ControllerState.TEMPERATURES);
        int under = field(ControllerState.TEMPERATURES + 4);
        refuse(((over | under) & ~0xffff) != 0, "temperature thresholds 0x%x and 0x%x".formatted(over, under));
        long timestamp = longField(ControllerState.TIMESTAMP);
        refuse(timestamp >>> 48 != 0, "timestamp 0x%x".formatted(timestamp));
    }

    private void checkEvents() {
        int requests = field(ControllerState.ASYNC_EVENTS);
        refuse(
                requests < 0 || requests > AsyncEvents.REQUESTS_MAX,
                "%d Asynchronous Event Requests".formatted(requests));
        int pending = field(ControllerState.PENDING_EVENTS);
        refuse(pending < 0 || pending > ControllerState.PENDING_EVENTS_MAX, "%d events".formatted(pending));
        for (int i = 0; i < pending; i++) {
            int event = field(ControllerState.PENDING_EVENTS + 4 + 4L * i);
            refuse(!EVENTS.contains(event), "event 0x%x".formatted(event));
        }
        int masked = field(ControllerState.MASKED_EVENTS);
        refuse(masked >>> AsyncEvent.TYPES != 0, "masked events 0x%x".formatted(masked));
        BitSet changed = BitSet.valueOf(
                fields.asSlice(ControllerState.CHANGED_NAMESPACES - FIELDS, ControllerState.CHANGED_WORDS * 8L)
                        .toArray(ValueLayout.JAVA_BYTE));
        refuse(
                changed.get(0) || changed.length() > ActiveNamespaces.NSID_MAX + 1,
                "changed namespaces %s".formatted(changed));
    }

    private void checkQueues() {
        boolean none = submissions.isEmpty() && completions.isEmpty();
        refuse(!running() && !none, "queues of a controller that does not run");
        if (!running()) {
            return;
        }
        ImageQueue.Submission admin = submissions.get(0);
        ImageQueue.Completion adminCompletions = completions.get(0);
        int aqa = field(ControllerState.AQA);
        if (admin == null
                || adminCompletions == null
                || admin.entries() != Registers.adminSqEntries(aqa)
                || adminCompletions.entries() != Registers.adminCqEntries(aqa)
                || admin.base() != longField(ControllerState.ASQ)
                || adminCompletions.base() != longField(ControllerState.ACQ)) {
            throw new DeviceStateException("no admin queues as AQA, ASQ and ACQ say");
        }
        long pageMask = Registers.pageBytes(configuration()) - 1L;
        refuse(
                completions.values().stream().anyMatch(q -> q.id() != 0 && (q.base() & pageMask) != 0)
                        || submissions.values().stream().anyMatch(q -> q.id() != 0 && (q.base() & pageMask) != 0),
                "a queue that does not begin at a page of %d bytes".formatted(pageMask + 1));
        long shadow = longField(ControllerState.SHADOW_DOORBELLS);
        long eventIndex = longField(ControllerState.EVENT_INDEX);
        refuse(
                ((shadow | eventIndex) & pageMask) != 0,
                "shadow doorbells at 0x%x, EventIdx at 0x%x".formatted(shadow, eventIndex));
        long waiting =
                admin.commands().stream().filter(ControllerImage::waitsForEvent).count();
        refuse(waiting > AsyncEvents.REQUESTS_MAX, "%d Asynchronous Event Requests in flight".formatted(waiting));
        for (ImageQueue.Completion queue : completions.values()) {
            long inFlight = submissions.values().stream()
                            .filter(q -> q.completionsId() == queue.id())
                            .mapToLong(q -> q.commands().size())
                            .sum()
                    - (queue.id() == 0 ? waiting : 0);
            refuse(
                    inFlight >= queue.entries(),
                    "%d commands for completion queue %d of %d entries"
                            .formatted(inFlight, queue.id(), queue.entries()));
        }
        for (ImageQueue.Submission queue : submissions.values()) {
            refuse(
                    !completions.containsKey(queue.completionsId()),
                    "submission queue %d has no completion queue %d".formatted(queue.id(), queue.completionsId()));
        }
    }

    /** It has no place in the completion queue before there is one. */
    private static boolean waitsForEvent(ImageQueue.InFlight command) {
        return command.opcode() == AdminOpcode.ASYNC_EVENT_REQUEST;
    }

    /**
     * Whether this can become of a controller here.
     *
     * @throws DeviceStateException when not
     */
    void check(Controller controller) {
        identity.check(controller);
        int cc = configuration();
        refuse(
                running() && !controller.life().enables(cc, field(ControllerState.AQA)),
                "CC 0x%x is not known here".formatted(cc));
        int vectors = controller.interrupts().vectorCount();
        for (ImageQueue.Completion queue : completions.values()) {
            refuse(
                    queue.vector() < 0 || queue.vector() >= vectors,
                    "completion queue %d has vector %d, and there are %d here"
                            .formatted(queue.id(), queue.vector(), vectors));
        }
    }

    /** Writes it into the state of a controller that has been reset. */
    void store(Controller controller) {
        ControllerState state = controller.state();
        MemorySegment.copy(fields, 0, state.segment(), FIELDS, FIELDS_BYTES);
        state.setLong(ControllerState.TIMESTAMP_SET_NS, System.nanoTime() - timestampAgeNs);
        completions.values().forEach(queue -> queue.store(controller));
        submissions.values().forEach(queue -> queue.store(controller));
        boolean taken = controller.namespaces().all().stream()
                .flatMap(namespace -> namespace.controllers().stream())
                .anyMatch(other -> other != controller && other.controllerId() == controllerId);
        if (!taken && controller.subsystem().change(controller.controllerId(), controllerId)) {
            state.controllerId(controllerId);
        }
    }
}
