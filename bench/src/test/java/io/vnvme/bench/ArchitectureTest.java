package io.vnvme.bench;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaPackage;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.jspecify.annotations.NullMarked;
import org.junit.jupiter.api.Test;

/** Dependencies point one way (docs: the design). It lives here because only this module sees all others. */
final class ArchitectureTest {
    private static final JavaClasses ALL = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("io.vnvme");

    /** The engine's parts, lowest first; each may use those that it names, itself, and nothing else of ours. */
    private static final Map<String, List<String>> ENGINE = Map.ofEntries(
            Map.entry("os", List.of()),
            Map.entry("crypto", List.of()),
            Map.entry("devicestate", List.of()),
            Map.entry("handover", List.of("os")),
            Map.entry("fabrics", List.of("os", "crypto")),
            Map.entry("memory", List.of("os")),
            Map.entry("reactor", List.of("os")),
            Map.entry("nvme.wire", List.of()),
            Map.entry("drive", List.of("os", "crypto", "memory", "reactor", "fabrics", "nvme.wire")),
            Map.entry("telemetry", List.of()),
            Map.entry("volume", List.of("os", "memory", "reactor", "drive")),
            Map.entry("qos", List.of("reactor")),
            Map.entry("pool", List.of("os", "memory", "reactor", "drive", "volume", "crypto")),
            Map.entry("migration", List.of("os", "memory", "reactor", "drive", "volume")),
            Map.entry(
                    "nvme",
                    List.of(
                            "os",
                            "memory",
                            "devicestate",
                            "reactor",
                            "nvme.wire",
                            "drive",
                            "volume",
                            "qos",
                            "telemetry")),
            Map.entry(
                    "frontend",
                    List.of(
                            "os",
                            "crypto",
                            "memory",
                            "devicestate",
                            "reactor",
                            "fabrics",
                            "handover",
                            "nvme.wire",
                            "nvme",
                            "telemetry")));

    @Test
    void engineIsLayered() {
        ENGINE.forEach((part, below) -> {
            DescribedPredicate<JavaClass> others = ENGINE.keySet().stream()
                    .filter(other -> !other.equals(part) && !below.contains(other))
                    .map(ArchitectureTest::inside)
                    .reduce(DescribedPredicate.alwaysFalse(), (a, b) -> a.or(b));
            noClasses()
                    .that(inside(part))
                    .should()
                    .dependOnClassesThat(others)
                    .allowEmptyShould(true)
                    .check(ALL);
        });
    }

    /** The structures of the specification are a part of their own: whoever speaks NVMe has them, on either side. */
    private static DescribedPredicate<JavaClass> inside(String part) {
        DescribedPredicate<JavaClass> all = resideInAPackage("io.vnvme." + part + "..");
        return part.equals("nvme") ? all.and(not(inside("nvme.wire"))) : all;
    }

    @Test
    void everyPartOfTheEngineHasItsPlace() {
        TreeSet<String> parts = new TreeSet<>();
        for (JavaClass type : ALL) {
            String[] names = type.getPackageName().split("\\.", -1);
            if (names.length > 2 && !List.of("control", "testkit", "bench").contains(names[2])) {
                parts.add(names[2]);
            }
        }
        assertThat(ENGINE.keySet()).containsAll(parts);
    }

    @Test
    void engineSeesNoHttpNoJsonNoCommandLine() {
        String[] engine =
                ENGINE.keySet().stream().map(part -> "io.vnvme." + part + "..").toArray(String[]::new);
        noClasses()
                .that()
                .resideInAnyPackage(engine)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(
                        "io.vnvme.control..",
                        "io.vnvme.testkit..",
                        "io.vnvme.bench..",
                        "io.avaje..",
                        "io.helidon..",
                        "picocli..",
                        "ch.qos..",
                        "org.slf4j..",
                        "java.net.http..",
                        "java.util.logging..")
                .check(ALL);
    }

    @Test
    void modulesDependOneWay() {
        noClasses()
                .that()
                .resideInAPackage("io.vnvme.control..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vnvme.testkit..", "io.vnvme.bench..")
                .check(ALL);
        noClasses()
                .that()
                .resideInAPackage("io.vnvme.testkit..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("io.vnvme.control..", "io.vnvme.bench..")
                .check(ALL);
    }

    /** Whoever adds a kind of drive or a front end touches its own folder: nothing beside it may know it. */
    @Test
    void kindsDoNotKnowEachOther() {
        slices().matching("io.vnvme.drive.(*)..")
                .should()
                .notDependOnEachOther()
                .check(ALL);
        slices().matching("io.vnvme.frontend.(*)..")
                .should()
                .notDependOnEachOther()
                .check(ALL);
    }

    @Test
    void packagesHaveNoCycles() {
        slices().matching("io.vnvme.(**)").should().beFreeOfCycles().check(ALL);
    }

    @Test
    void namesSayWhatThingsAre() {
        noClasses()
                .should()
                .resideInAnyPackage("..util..", "..utils..", "..impl..", "..manager..", "..helper..", "..common..")
                .check(ALL);
        classes()
                .that()
                .resideInAPackage("io.vnvme..")
                .should()
                .haveSimpleNameNotEndingWith("Utils")
                .andShould()
                .haveSimpleNameNotEndingWith("Impl")
                .andShould()
                .haveSimpleNameNotEndingWith("Helper")
                .check(ALL);
    }

    @Test
    void everyPackageIsNullMarked() {
        TreeSet<String> unmarked = new TreeSet<>();
        for (JavaClass type : ALL) {
            JavaPackage home = type.getPackage();
            // What generators write has no package of ours.
            if (!home.isAnnotatedWith(NullMarked.class) && !home.getName().endsWith(".jsonb")) {
                unmarked.add(home.getName());
            }
        }
        assertThat(unmarked).isEmpty();
    }
}
