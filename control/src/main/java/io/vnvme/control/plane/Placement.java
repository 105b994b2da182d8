package io.vnvme.control.plane;

import io.vnvme.os.NumaNodes;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;

/** The rules by which reactors get processors, and pools get reactors. */
final class Placement {
    /** So many processors of a host belong to its guests and all else, for each that serves I/O. */
    private static final int CPUS_PER_REACTOR = 4;

    private static final int CHOSEN_MAX = 8;
    /** A reactor with less to do is no bottleneck. */
    private static final double BUSY_PERCENT_MIN = 70;
    /** What a move has to gain: less is within what loads change by themselves. */
    private static final double GAIN_PERCENT_MIN = 15;

    private Placement() {}

    /**
     * A reactor as a place for pools.
     *
     * @param node where its processor is; empty when that makes no difference
     * @param pools how many it has
     */
    record Seat(OptionalInt node, int pools) {}

    /**
     * A pool as a load.
     *
     * @param reactor index of its reactor
     * @param node where its drives are; empty when that makes no difference
     * @param cost in any unit that all have in common
     */
    record Load<T>(T pool, int reactor, OptionalInt node, double cost) {}

    /** @param to index of a reactor */
    record Move<T>(T pool, int to) {}

    /** How many reactors suit a host with these processors. */
    static int count(BitSet allowed) {
        return Math.clamp(allowed.cardinality() / CPUS_PER_REACTOR, 1, CHOSEN_MAX);
    }

    /**
     * Processors for reactors: the last ones, since what the host starts by itself begins with the first; of all nodes by
     * turns. None when there is but one processor, which is everybody's.
     */
    static List<Integer> cpus(BitSet allowed, NumaNodes nodes, int count) {
        if (allowed.cardinality() <= 1 || count > allowed.cardinality()) {
            return List.of();
        }
        TreeMap<Integer, List<Integer>> byNode = new TreeMap<>();
        for (int cpu = allowed.length() - 1; cpu >= 0; cpu = allowed.previousSetBit(cpu - 1)) {
            byNode.computeIfAbsent(nodes.ofCpu(cpu).orElse(0), _ -> new ArrayList<>())
                    .add(cpu);
        }
        List<Integer> chosen = new ArrayList<>();
        for (int turn = 0; chosen.size() < count; turn++) {
            for (List<Integer> ofNode : byNode.values()) {
                if (turn < ofNode.size() && chosen.size() < count) {
                    chosen.add(ofNode.get(turn));
                }
            }
        }
        return chosen;
    }

    /** The reactor for a pool: among those near its drives, if there are any, the first with the fewest pools. */
    static int home(List<Seat> seats, OptionalInt node) {
        int best = -1;
        boolean near = seats.stream().anyMatch(seat -> near(seat.node(), node));
        for (int i = 0; i < seats.size(); i++) {
            if ((!near || near(seats.get(i).node(), node))
                    && (best < 0 || seats.get(i).pools() < seats.get(best).pools())) {
                best = i;
            }
        }
        return best;
    }

    private static boolean near(OptionalInt reactor, OptionalInt drives) {
        return drives.isEmpty() || reactor.isEmpty() || reactor.getAsInt() == drives.getAsInt();
    }

    /**
     * The pool that should go from the busiest reactor to the one with least to do, if there is one that makes the busiest
     * less busy than before by enough: the one that makes it so by most. It stays near its drives.
     *
     * @param busyPercent of each reactor
     * @param nodes of the reactors
     */
    static <T> Optional<Move<T>> better(List<Double> busyPercent, List<OptionalInt> nodes, List<Load<T>> loads) {
        int busiest = 0;
        for (int i = 1; i < busyPercent.size(); i++) {
            busiest = busyPercent.get(i) > busyPercent.get(busiest) ? i : busiest;
        }
        double most = busyPercent.get(busiest);
        if (most < BUSY_PERCENT_MIN) {
            return Optional.empty();
        }
        int from = busiest;
        List<Load<T>> there =
                loads.stream().filter(load -> load.reactor() == from).toList();
        double all = there.stream().mapToDouble(Load::cost).sum();
        record Choice<T>(Move<T> move, double peak) {}
        List<Choice<T>> choices = new ArrayList<>();
        for (Load<T> load : there) {
            double percent = all > 0 ? most * load.cost() / all : 0;
            for (int to = 0; to < busyPercent.size(); to++) {
                if (to != from && near(nodes.get(to), load.node())) {
                    double peak = Math.max(most - percent, busyPercent.get(to) + percent);
                    choices.add(new Choice<>(new Move<>(load.pool(), to), peak));
                }
            }
        }
        return choices.stream()
                .min(Comparator.comparingDouble(Choice::peak))
                .filter(choice -> choice.peak() <= most - GAIN_PERCENT_MIN)
                .map(Choice::move);
    }
}
