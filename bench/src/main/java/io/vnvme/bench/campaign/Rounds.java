package io.vnvme.bench.campaign;

import io.vnvme.bench.Sample;
import io.vnvme.bench.report.Ratio;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Measures every point with every contender once a round, one after the other, who begins by turns: what disturbs one,
 * disturbs all.
 */
final class Rounds {
    private final Plan plan;
    private final List<Contender> contenders;
    private final Span span;
    private final Map<Point, Map<String, List<Sample>>> samples = new LinkedHashMap<>();

    Rounds(Plan plan, List<Contender> contenders, int serverCpu, int clientCpu) {
        this.plan = plan;
        this.contenders = contenders;
        this.span = new Span(plan.warmUp(), plan.length(), serverCpu, clientCpu);
    }

    /** @param progress told of each round */
    void run(Consumer<String> progress) throws IOException {
        for (int round = 0; round < plan.repeats(); round++) {
            progress.accept("round %d of %d".formatted(round + 1, plan.repeats()));
            for (Point point : plan.points()) {
                List<Contender> order = new ArrayList<>(contenders);
                Collections.rotate(order, round);
                for (Contender contender : order) {
                    if (contender.takes(point)) {
                        samples.computeIfAbsent(point, _ -> new LinkedHashMap<>())
                                .computeIfAbsent(contender.name(), _ -> new ArrayList<>())
                                .add(contender.measure(point, span));
                    }
                }
            }
        }
    }

    List<CampaignFigure> figures() {
        List<CampaignFigure> figures = new ArrayList<>();
        samples.forEach((point, ways) -> contenders.stream()
                .map(Contender::name)
                .filter(ways::containsKey)
                .forEach(way -> figures.add(CampaignFigure.of(point, way, of(point, way)))));
        return figures;
    }

    private List<Sample> of(Point point, String way) {
        return samples.getOrDefault(point, Map.of()).getOrDefault(way, List.of());
    }

    /** Ours for each of the others, round by round. */
    Map<String, Ratio> ratios() {
        Map<String, Ratio> ratios = new LinkedHashMap<>();
        samples.forEach((point, ways) -> ways.keySet().stream()
                .filter(way -> !way.equals(Ours.NAME) && ways.containsKey(Ours.NAME))
                .forEach(way -> ratios.put(
                        point.key() + "/" + way,
                        Ratio.of(
                                CampaignFigure.values(of(point, Ours.NAME), Sample::iops),
                                CampaignFigure.values(of(point, way), Sample::iops)))));
        return ratios;
    }
}
