package io.vnvme.control.vm;

import static org.assertj.core.api.Assertions.assertThat;

import io.avaje.jsonb.Jsonb;
import io.vnvme.control.model.RecipeInfo;
import java.io.StringReader;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.w3c.dom.Element;
import org.xml.sax.InputSource;

class RecipeTest {
    @ParameterizedTest
    @ValueSource(strings = {"/run/vnvme/drives/d1/cntrl", "/tmp/it's <\"odd\"> & \\ long/d1/cntrl"})
    void libvirtsXmlLeadsQemuToTheSocket(String socket) throws Exception {
        DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultNSInstance();
        Element root = factory.newDocumentBuilder()
                .parse(new InputSource(
                        new StringReader("<domain>" + Recipe.of("d1", socket).libvirt() + "</domain>")))
                .getDocumentElement();
        Element access = (Element) root.getElementsByTagName("access").item(0);
        assertThat(access.getAttribute("mode")).isEqualTo("shared");
        Element value = (Element) root.getElementsByTagNameNS("http://libvirt.org/schemas/domain/qemu/1.0", "arg")
                .item(1);
        assertThat(Jsonb.builder().build().type(Object.class).fromJson(value.getAttribute("value")))
                .isEqualTo(Map.of(
                        "driver", "vfio-user-pci",
                        "id", "vnvme-d1",
                        "socket", Map.of("type", "unix", "path", socket)));
    }

    @Test
    void othersGetTheirOwnWords() {
        RecipeInfo recipe = Recipe.of("d1", "/run/it's/cntrl");
        assertThat(recipe.cloudHypervisor().lines())
                .containsExactly("--memory size=SIZE,shared=on", "--user-device 'socket=/run/it'\\''s/cntrl'");
        assertThat(recipe.proxmox().lines())
                .startsWith("machine: q35")
                .anyMatch(line -> line.startsWith("args: ") && line.contains("share=on"));
        assertThat(recipe.qemu()).contains("-M q35,memory-backend=ram0");
    }

    @ParameterizedTest
    @CsvSource({
        "guest=lab;debug-threads=on, lab",
        "vm1, vm1",
        "vm1;process=x, vm1",
        "debug-threads=on;guest=a;;b, 'a,b'",
        "'', ",
        "process=x, "
    })
    void processesSayWhichVmTheyAre(String name, String expected) {
        // A comma would end the column.
        assertThat(QemuProcess.of(List.of("qemu", "-name", name.replace(';', ','), "-uuid", "ABCD")))
                .isEqualTo(Optional.ofNullable(expected).map(n -> new QemuProcess(n, "abcd")));
        assertThat(QemuProcess.of(List.of("qemu", "-name"))).isEmpty();
        assertThat(QemuProcess.of(ProcessHandle.current().pid())).isEmpty();
    }
}
