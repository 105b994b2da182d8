package io.vnvme.control.plane;

import static org.assertj.core.api.Assertions.assertThat;

import io.vnvme.control.plane.Placement.Load;
import io.vnvme.control.plane.Placement.Move;
import io.vnvme.control.plane.Placement.Seat;
import io.vnvme.os.NumaNodes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class PlacementTest {
    private static final OptionalInt ANYWHERE = OptionalInt.empty();
    private static final OptionalInt NODE_0 = OptionalInt.of(0);
    private static final OptionalInt NODE_1 = OptionalInt.of(1);

    @TempDir
    Path sysfs;

    private static BitSet cpus(int from, int to) {
        BitSet set = new BitSet();
        set.set(from, to);
        return set;
    }

    private NumaNodes nodes(String... cpuLists) throws IOException {
        for (int node = 0; node < cpuLists.length; node++) {
            Path folder = Files.createDirectories(sysfs.resolve("devices/system/node/node" + node));
            Files.writeString(folder.resolve("cpulist"), cpuLists[node]);
        }
        return NumaNodes.read(sysfs);
    }

    @Test
    void oneReactorForEachFourProcessors() {
        assertThat(Placement.count(cpus(0, 1))).isEqualTo(1);
        assertThat(Placement.count(cpus(0, 7))).isEqualTo(1);
        assertThat(Placement.count(cpus(0, 8))).isEqualTo(2);
        assertThat(Placement.count(cpus(0, 256))).isEqualTo(8);
    }

    @Test
    void reactorsGetTheLastProcessors() throws IOException {
        NumaNodes one = nodes("0-7");
        assertThat(Placement.cpus(cpus(2, 8), one, 3)).containsExactly(7, 6, 5);
        assertThat(Placement.cpus(cpus(0, 2), one, 2)).containsExactly(1, 0);
        assertThat(Placement.cpus(cpus(0, 1), one, 1))
                .as("the only one is everybody's")
                .isEmpty();
        assertThat(Placement.cpus(cpus(0, 2), one, 3)).as("more than there are").isEmpty();
    }

    @Test
    void nodesGetReactorsByTurns() throws IOException {
        NumaNodes two = nodes("0-3", "4-7");
        assertThat(Placement.cpus(cpus(0, 8), two, 3)).containsExactly(3, 7, 2);
        assertThat(Placement.cpus(cpus(3, 8), two, 3)).containsExactly(3, 7, 6);
    }

    @Test
    void aPoolGoesToTheFirstReactorWithTheFewest() {
        assertThat(Placement.home(List.of(new Seat(ANYWHERE, 0), new Seat(ANYWHERE, 0)), ANYWHERE))
                .isZero();
        assertThat(Placement.home(List.of(new Seat(ANYWHERE, 1), new Seat(ANYWHERE, 0)), ANYWHERE))
                .isEqualTo(1);
        assertThat(Placement.home(List.of(new Seat(NODE_0, 2), new Seat(NODE_1, 1)), ANYWHERE))
                .isEqualTo(1);
    }

    @Test
    void aPoolStaysNearItsDrives() {
        List<Seat> seats = List.of(new Seat(NODE_0, 0), new Seat(NODE_1, 3), new Seat(NODE_1, 2));
        assertThat(Placement.home(seats, NODE_1)).isEqualTo(2);
        assertThat(Placement.home(seats, OptionalInt.of(5)))
                .as("no reactor is near")
                .isZero();
    }

    private static List<OptionalInt> anywhere(int count) {
        return Collections.nCopies(count, ANYWHERE);
    }

    @Test
    void thePoolMovesThatMakesTheBusiestLeastBusy() {
        List<Load<String>> loads = List.of(
                new Load<>("large", 0, ANYWHERE, 60),
                new Load<>("medium", 0, ANYWHERE, 30),
                new Load<>("small", 0, ANYWHERE, 10),
                new Load<>("other", 1, ANYWHERE, 5));
        assertThat(Placement.better(List.of(90.0, 10.0), anywhere(2), loads)).contains(new Move<>("medium", 1));
        assertThat(Placement.better(List.of(90.0, 40.0, 5.0), anywhere(3), loads))
                .as("to the one that has least to do")
                .contains(new Move<>("large", 2));
    }

    @Test
    void nothingMovesThatGainsLittle() {
        Load<String> alone = new Load<>("alone", 0, ANYWHERE, 100);
        assertThat(Placement.better(List.of(100.0, 0.0), anywhere(2), List.of(alone)))
                .as("the other reactor would be as busy")
                .isEmpty();
        List<Load<String>> two = List.of(new Load<>("a", 0, ANYWHERE, 50), new Load<>("b", 0, ANYWHERE, 50));
        assertThat(Placement.better(List.of(60.0, 0.0), anywhere(2), two))
                .as("nobody waits for it")
                .isEmpty();
        assertThat(Placement.better(List.of(95.0, 40.0), anywhere(2), two))
                .as("5 percent less")
                .isEmpty();
        assertThat(Placement.better(List.of(95.0, 20.0), anywhere(2), two)).isPresent();
        assertThat(Placement.better(List.of(95.0, 20.0), anywhere(2), List.<Load<String>>of()))
                .as("busy with something else")
                .isEmpty();
    }

    @Test
    void aPoolDoesNotMoveAwayFromItsDrives() {
        List<Load<String>> loads = List.of(new Load<>("a", 0, NODE_0, 50), new Load<>("b", 0, NODE_0, 50));
        assertThat(Placement.better(List.of(100.0, 0.0, 30.0), List.of(NODE_0, NODE_1, NODE_0), loads))
                .contains(new Move<>("a", 2));
    }
}
