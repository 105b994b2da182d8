package io.vnvme.control.plane;

import io.vnvme.control.plane.Placement.Load;
import io.vnvme.control.plane.Placement.Move;
import io.vnvme.qos.Turn;
import io.vnvme.reactor.BusyMeter;
import java.lang.System.Logger;
import java.lang.System.Logger.Level;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.UUID;

/** Looks every second whether a reactor has too much to do while another has little, and moves a pool when that lasts. */
final class Balancer implements AutoCloseable {
    private static final Logger LOG = System.getLogger(Balancer.class.getName());
    private static final long LOOK_MS = 1000;
    /** Looks in a row that have to find the same: a move costs guests some milliseconds, and loads come and go. */
    private static final int LOOKS = 3;
    /** After a move, so that what it brought can be seen. */
    private static final int PAUSE_LOOKS = 10;

    private final Reactors reactors;
    private final Collection<EnginePool> pools;
    private final Collection<EngineExport> exports;
    private final Moves moves;
    private final Thread thread;

    private final Map<EngineReactor, Spent> spentBefore = new HashMap<>();
    private final Map<UUID, Long> costBefore = new HashMap<>();
    private final Lasting<Move<EnginePool>> lasting = new Lasting<>(LOOKS, PAUSE_LOOKS);

    private record Spent(long busyNs, long allNs) {}

    /** Begins, if there is anything to balance. */
    Balancer(Reactors reactors, Collection<EnginePool> pools, Collection<EngineExport> exports, Moves moves) {
        this.reactors = reactors;
        this.pools = pools;
        this.exports = exports;
        this.moves = moves;
        thread = Thread.ofPlatform().daemon().name("balancer").unstarted(this::run);
        if (reactors.all().size() > 1) {
            thread.start();
        }
    }

    private void run() {
        try {
            while (!Thread.interrupted()) {
                Thread.sleep(LOOK_MS);
                look();
            }
        } catch (InterruptedException e) {
            // It is closed.
            Thread.currentThread().interrupt();
        }
    }

    private void look() {
        List<Double> busy = reactors.all().stream().map(this::busyPercent).toList();
        List<OptionalInt> nodes =
                reactors.all().stream().map(EngineReactor::node).toList();
        Optional<Move<EnginePool>> move = lasting.after(Placement.better(busy, nodes, loads()));
        if (move.isEmpty()) {
            return;
        }
        EnginePool pool = move.get().pool();
        EngineReactor to = reactors.all().get(move.get().to());
        try {
            moves.pool(pool, to);
            LOG.log(Level.INFO, "pool {0} is served by {1} now, which had less to do", pool.name(), to.name());
        } catch (RuntimeException e) {
            LOG.log(Level.ERROR, "pool %s could not be moved to %s".formatted(pool.name(), to.name()), e);
        }
    }

    private double busyPercent(EngineReactor reactor) {
        BusyMeter meter = reactor.reactor().meter();
        long busy = meter.busyNs();
        Spent now = new Spent(busy, busy + meter.idleNs() + meter.asleepNs());
        Spent before = spentBefore.put(reactor, now);
        return before == null ? 0 : 100.0 * (now.busyNs - before.busyNs) / Math.max(1, now.allNs - before.allNs);
    }

    /** What each pool's vNVMes did since the last look, as turns are counted. */
    private List<Load<EnginePool>> loads() {
        Map<EnginePool, Long> costs = new HashMap<>();
        for (EngineExport export : exports) {
            ExportCounters done = export.counters();
            long commands =
                    done.reads().total() + done.writes().total() + done.others().total();
            long cost = done.readBytes() + done.writtenBytes() + commands * Turn.COMMAND_COST;
            costs.merge(export.pool(), cost, Long::sum);
        }
        List<Load<EnginePool>> loads = new ArrayList<>();
        for (EnginePool pool : pools) {
            long cost = costs.getOrDefault(pool, 0L);
            Long before = costBefore.put(pool.id(), cost);
            // One whose vNVMe was taken away has begun to count anew.
            long since = before == null ? 0 : Math.max(0, cost - before);
            loads.add(new Load<>(
                    pool, reactors.of(pool.home()).index(), since > 0 ? pool.node() : OptionalInt.empty(), since));
        }
        return loads;
    }

    /** Ends after the move that is under way. */
    @Override
    public void close() {
        thread.interrupt();
        try {
            thread.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
