package io.vnvme.testkit.driver;

import io.vnvme.nvme.wire.AdminOpcode;
import io.vnvme.nvme.wire.Cqe;
import io.vnvme.nvme.wire.FeatureId;
import io.vnvme.nvme.wire.Registers;
import io.vnvme.nvme.wire.Sqe;
import io.vnvme.testkit.ram.Buffer;
import java.util.HashMap;
import java.util.Map;
import java.util.function.BooleanSupplier;

/**
 * A guest's NVMe driver: life cycle, admin queue, and any number of I/O queues. Used by one thread.
 *
 * <p>Methods throw {@link DriverException} when the device does not answer, or the command fails where it must not.
 */
public final class NvmeDriver {
    private static final long LIMIT_NS = 20_000_000_000L;
    private static final int CLOCK_INTERVAL = 1024;
    private static final int SHUTDOWN_NORMAL = 1 << 14;
    private static final int CC_ENABLE = 1;

    private final Device device;
    private final long capabilities;
    private final Doorbells doorbells;
    private long pageBytes = 4096;
    private final Map<Integer, SubmissionQueue> submissionQueues = new HashMap<>();
    private final Map<Integer, CompletionQueue> completionQueues = new HashMap<>();

    public NvmeDriver(Device device) {
        this.device = device;
        capabilities = device.read(Registers.CAP, Long.BYTES);
        int strideShift = (int) (capabilities >>> 32) & 0xF;
        doorbells = new Doorbells(device, 4 << strideShift);
    }

    /** A driver whose controller is enabled, with bus mastering on. */
    public static NvmeDriver start(Device device) {
        NvmeDriver driver = new NvmeDriver(device);
        device.busMaster(true);
        driver.enable(EnableOptions.usual());
        return driver;
    }

    public Device device() {
        return device;
    }

    /** The CAP register. */
    public long capabilities() {
        return capabilities;
    }

    /** Largest queue that the controller supports, 1-based. */
    public int entryCountMax() {
        return (int) (capabilities & 0xFFFF) + 1;
    }

    public Doorbells doorbells() {
        return doorbells;
    }

    /** The CSTS register. */
    public int status() {
        return (int) device.read(Registers.CSTS, Integer.BYTES);
    }

    public boolean ready() {
        return (status() & Registers.CSTS_RDY) != 0;
    }

    public boolean fatal() {
        return (status() & Registers.CSTS_CFS) != 0;
    }

    /** Makes admin queues, sets CC.EN and waits for CSTS.RDY. */
    public void enable(EnableOptions options) {
        pageBytes = 1L << options.pageShift();
        prepareAdminQueue(options.adminEntryCount());
        device.write(Registers.CC, Integer.BYTES, options.configuration());
        until("CSTS.RDY", () -> ready() || fatal());
        if (fatal()) {
            throw new DriverException("fatal status when enabled: CSTS 0x%x".formatted(status()));
        }
    }

    private void prepareAdminQueue(int entryCount) {
        forgetQueues();
        addQueues(0, entryCount, 0, 0, entryCount);
        device.write(Registers.AQA, Integer.BYTES, (entryCount - 1) | ((entryCount - 1) << 16));
        device.write(Registers.ASQ, Long.BYTES, admin().submissions().memory().iova());
        device.write(Registers.ACQ, Long.BYTES, admin().completions().memory().iova());
    }

    /** Clears CC.EN, waits for CSTS.RDY to go, and forgets all queues. */
    public void disable() {
        long configuration = device.read(Registers.CC, Integer.BYTES);
        device.write(Registers.CC, Integer.BYTES, configuration & ~CC_ENABLE);
        until("CSTS.RDY to go", () -> !ready());
        forgetQueues();
    }

    /** Normal shutdown: sets CC.SHN and waits for CSTS.SHST. */
    public void shutdown() {
        long configuration = device.read(Registers.CC, Integer.BYTES);
        device.write(Registers.CC, Integer.BYTES, configuration | SHUTDOWN_NORMAL);
        until("CSTS.SHST", () -> (status() & Registers.CSTS_SHST_MASK) == Registers.CSTS_SHST_COMPLETE);
    }

    /** Gives the memory of all queues back, without a word to the device. */
    public void forgetQueues() {
        submissionQueues.values().forEach(queue -> queue.memory().close());
        completionQueues.values().forEach(queue -> queue.memory().close());
        submissionQueues.clear();
        completionQueues.clear();
        doorbells.useReal();
    }

    public QueuePair admin() {
        return pair(0);
    }

    /** The queue pair {@code id}, whose queues have the same identifier. */
    public QueuePair pair(int id) {
        SubmissionQueue queue = submissionQueues.get(id);
        if (queue == null) {
            throw new DriverException("no submission queue " + id);
        }
        return new QueuePair(this, queue, queue.completions());
    }

    public Completion admin(Command command) {
        return admin().execute(command);
    }

    /** Does an admin command with data described by PRPs. */
    public Completion admin(Command command, Buffer data) {
        return admin().execute(command, Prp.of(data));
    }

    /** Asks for a number of queue pairs (Number of Queues), and returns how many there may be. */
    public int queueCount(int wanted) {
        int value = (wanted - 1) | ((wanted - 1) << 16);
        int granted = admin(Command.setFeature(FeatureId.NUMBER_OF_QUEUES, value))
                .orThrow()
                .dword0();
        return Math.min(wanted, Math.min(granted & 0xFFFF, granted >>> 16) + 1);
    }

    /** Creates a queue pair whose queues share identifier and depth. */
    public QueuePair createPair(int id, int entryCount, int vector) {
        createCompletionQueue(id, entryCount, vector).orThrow();
        createSubmissionQueue(id, entryCount, id, 0).orThrow();
        return pair(id);
    }

    /** @param vector interrupt vector, -1 for none */
    public Completion createCompletionQueue(int id, int entryCount, int vector) {
        CompletionQueue queue = newCompletionQueue(id, entryCount, vector);
        int flags = vector < 0 ? 1 : 3 | vector << 16;
        Completion completion = admin(Command.of(AdminOpcode.CREATE_CQ)
                .prp(queue.memory().iova(), 0)
                .dword(10, id | ((entryCount - 1) << 16))
                .dword(11, flags));
        if (completion.ok()) {
            completionQueues.put(id, queue);
        } else {
            queue.memory().close();
        }
        return completion;
    }

    /** @param priority 0 urgent to 3 low; of meaning under weighted arbitration */
    public Completion createSubmissionQueue(int id, int entryCount, int completionQueueId, int priority) {
        Buffer memory = device.ram().allocateContiguous((long) entryCount * Sqe.SIZE, pageBytes);
        Completion completion = admin(Command.of(AdminOpcode.CREATE_SQ)
                .prp(memory.iova(), 0)
                .dword(10, id | ((entryCount - 1) << 16))
                .dword(11, 1 | priority << 1 | completionQueueId << 16));
        CompletionQueue completions = completionQueues.get(completionQueueId);
        if (completion.ok() && completions != null) {
            submissionQueues.put(id, new SubmissionQueue(id, entryCount, memory, completions, doorbells));
        } else {
            memory.close();
        }
        return completion;
    }

    private void addQueues(int id, int entryCount, int completionQueueId, int vector, int completionEntryCount) {
        CompletionQueue completions = newCompletionQueue(completionQueueId, completionEntryCount, vector);
        completionQueues.put(completionQueueId, completions);
        Buffer memory = device.ram().allocateContiguous((long) entryCount * Sqe.SIZE, pageBytes);
        submissionQueues.put(id, new SubmissionQueue(id, entryCount, memory, completions, doorbells));
    }

    private CompletionQueue newCompletionQueue(int id, int entryCount, int vector) {
        Buffer memory = device.ram().allocateContiguous((long) entryCount * Cqe.SIZE, pageBytes);
        return new CompletionQueue(id, entryCount, vector, memory, doorbells);
    }

    public Completion deleteSubmissionQueue(int id) {
        Completion completion = admin(Command.of(AdminOpcode.DELETE_SQ).dword(10, id));
        SubmissionQueue queue = completion.ok() ? submissionQueues.remove(id) : null;
        if (queue != null) {
            queue.completions().drain();
            queue.completions().detach(queue);
            queue.memory().close();
        }
        return completion;
    }

    public Completion deleteCompletionQueue(int id) {
        Completion completion = admin(Command.of(AdminOpcode.DELETE_CQ).dword(10, id));
        CompletionQueue queue = completion.ok() ? completionQueues.remove(id) : null;
        if (queue != null) {
            queue.memory().close();
        }
        return completion;
    }

    /** Deletes both queues of a pair. */
    public void deletePair(int id) {
        deleteSubmissionQueue(id).orThrow();
        deleteCompletionQueue(id).orThrow();
    }

    /** Gives the controller shadow doorbell buffers and uses them from now on; they are in use until a reset. */
    public Completion useShadowDoorbells(Buffer shadow, Buffer eventIndex) {
        Completion completion =
                admin(Command.of(AdminOpcode.DOORBELL_BUFFER_CONFIG).prp(shadow.iova(), eventIndex.iova()));
        if (completion.ok()) {
            doorbells.useShadow(shadow, eventIndex);
        }
        return completion;
    }

    Completion await(SubmissionQueue queue, int cid) {
        Completion[] found = new Completion[1];
        until("completion of command %d of queue %d".formatted(cid, queue.id()), () -> {
            queue.completions().drain();
            Completion completion = queue.completions().claim(queue.id(), cid);
            if (completion != null) {
                found[0] = completion;
            }
            return completion != null;
        });
        return found[0];
    }

    /** Lets the device work until something is so. */
    public void until(String what, BooleanSupplier condition) {
        long end = 0;
        for (long i = 0; !condition.getAsBoolean(); i++) {
            device.turn();
            if (i % CLOCK_INTERVAL == 0) {
                long now = System.nanoTime();
                end = end == 0 ? now + LIMIT_NS : end;
                if (now - end > 0) {
                    throw new DriverException("waited in vain for %s; CSTS 0x%x".formatted(what, status()));
                }
            }
        }
    }
}
