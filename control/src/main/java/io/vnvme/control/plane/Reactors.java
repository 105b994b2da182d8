package io.vnvme.control.plane;

import io.vnvme.os.Cpu;
import io.vnvme.os.NumaNodes;
import io.vnvme.reactor.Home;
import io.vnvme.reactor.Reactor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/** The reactors of the engine, and how many pools each has: which of them a new pool goes to. */
final class Reactors implements AutoCloseable {
    private final NumaNodes nodes;
    private final List<EngineReactor> all = new ArrayList<>();
    private final int[] pools;

    private Reactors(ReactorSettings settings, NumaNodes nodes) {
        this.nodes = nodes;
        BitSet allowed = Cpu.allowed();
        int listed = settings.cpus().size();
        int count = settings.count() > 0 ? settings.count() : listed > 0 ? listed : Placement.count(allowed);
        List<Integer> cpus = listed > 0 ? settings.cpus() : Placement.cpus(allowed, nodes, count);
        pools = new int[count];
        try {
            for (int i = 0; i < count; i++) {
                int cpu = cpus.isEmpty() ? -1 : cpus.get(i);
                all.add(EngineReactor.start(i, cpu, nodes.ofCpu(cpu), settings.idle(i)));
            }
        } catch (RuntimeException e) {
            close();
            throw e;
        }
    }

    static Reactors start(ReactorSettings settings) {
        return new Reactors(settings, NumaNodes.ofMachine());
    }

    List<EngineReactor> all() {
        return all;
    }

    NumaNodes nodes() {
        return nodes;
    }

    /** The one whose thread that is. */
    EngineReactor of(Reactor reactor) {
        return all.stream().filter(r -> r.reactor() == reactor).findFirst().orElseThrow();
    }

    EngineReactor of(Home home) {
        return of(home.reactor());
    }

    /**
     * Finds a place for a pool, and takes it until {@link #left}.
     *
     * @param node where its drives are
     */
    synchronized EngineReactor place(OptionalInt node) {
        List<Placement.Seat> seats = all.stream()
                .map(r -> new Placement.Seat(r.node(), pools[r.index()]))
                .toList();
        EngineReactor chosen = all.get(Placement.home(seats, node));
        pools[chosen.index()]++;
        return chosen;
    }

    /** A pool is there no more. */
    synchronized void left(EngineReactor reactor) {
        pools[reactor.index()]--;
    }

    /** Moves homes, and waits until they have arrived. */
    void move(EngineReactor from, EngineReactor to, Supplier<List<Home>> homes) {
        CompletableFuture<Boolean> arrived = new CompletableFuture<>();
        Home.move(from.reactor(), to.reactor(), homes, failure -> {
            if (failure == null) {
                arrived.complete(true);
            } else {
                arrived.completeExceptionally(failure);
            }
        });
        EngineFailure.translated(arrived::join);
    }

    /** A pool has moved. */
    synchronized void moved(EngineReactor from, EngineReactor to) {
        pools[from.index()]--;
        pools[to.index()]++;
    }

    /** How many pools each has. */
    synchronized int[] pools() {
        return Arrays.copyOf(pools, pools.length);
    }

    @Override
    public void close() {
        all.forEach(EngineReactor::close);
    }
}
