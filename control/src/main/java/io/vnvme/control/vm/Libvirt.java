package io.vnvme.control.vm;

import io.vnvme.control.model.ProblemCode;
import io.vnvme.control.model.ProblemException;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.xml.XMLConstants;
import javax.xml.parsers.DocumentBuilderFactory;
import javax.xml.parsers.ParserConfigurationException;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import org.xml.sax.InputSource;
import org.xml.sax.SAXException;

/** The VMs of one libvirt daemon, by its client {@code virsh}. */
public final class Libvirt {
    private static final Duration COMMAND_LIMIT = Duration.ofSeconds(20);
    private static final Pattern LISTED = Pattern.compile("([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) +(.+)");
    private static final Pattern STATS_OF = Pattern.compile("Domain: '(.*)'");
    private static final Pattern STATE = Pattern.compile("\\s*state\\.state=(\\d{1,9})");
    private static final Pattern OWNER = Pattern.compile("\\+(\\d{1,9}):\\+(\\d{1,9})");

    private final String uri;
    private final Virsh virsh;

    private Libvirt(String uri, Virsh virsh) {
        this.uri = uri;
        this.virsh = virsh;
    }

    /** The one at {@code uri}, by this host's client. Neither need be there yet. */
    public static Libvirt at(String uri) {
        return new Libvirt(uri, new Virsh(Optional.empty(), uri, COMMAND_LIMIT));
    }

    /** @param limit how long one command may take */
    public static Libvirt by(Path program, String uri, Duration limit) {
        return new Libvirt(uri, new Virsh(Optional.of(program), uri, limit));
    }

    public String uri() {
        return uri;
    }

    /** @throws ProblemException when libvirt does not answer */
    public void check() {
        ask("uri");
    }

    /**
     * All domains, running or not.
     *
     * @throws ProblemException when libvirt does not answer
     */
    public List<Domain> domains() {
        Map<String, String> states = states(ask("domstats", "--state"));
        return ask("list", "--all", "--uuid", "--name")
                .lines()
                .map(LISTED::matcher)
                .filter(Matcher::matches)
                .map(m -> new Domain(m.group(2), m.group(1), states.getOrDefault(m.group(2), Domain.state(0))))
                .toList();
    }

    private String ask(String... arguments) {
        Virsh.Answer answer = virsh.run(arguments);
        if (!answer.ok()) {
            throw unreachable(answer);
        }
        return answer.output();
    }

    private ProblemException unreachable(Virsh.Answer answer) {
        return new ProblemException(
                ProblemCode.LIBVIRT_UNREACHABLE,
                "libvirt at %s does not answer: %s; see that its daemon runs, or name another with the daemon's --libvirt"
                        .formatted(uri, answer.error()));
    }

    private static Map<String, String> states(String stats) {
        Map<String, String> states = new HashMap<>();
        String name = "";
        for (String line : stats.lines().toList()) {
            Matcher of = STATS_OF.matcher(line);
            Matcher state = STATE.matcher(line);
            if (of.matches()) {
                name = of.group(1);
            } else if (state.matches()) {
                states.put(name, Domain.state(Integer.parseInt(state.group(1))));
            }
        }
        return states;
    }

    /**
     * The monitor of a domain.
     *
     * @throws ProblemException when the domain does not run, or libvirt does not answer
     */
    Monitor monitor(VmAddress.Domain domain) {
        return new DomainMonitor(virsh, uri, domain);
    }

    /** The user and group, by number, that a process runs as. */
    public record Owner(int uid, int gid) {}

    /** As whom the QEMU of a running domain runs; nothing where libvirt leaves it as it is itself. */
    public Optional<Owner> owner(VmAddress.Domain domain) {
        NodeList labels = parsed(ask("dumpxml", "--domain", domain.uuid())).getElementsByTagName("seclabel");
        for (int i = 0; i < labels.getLength(); i++) {
            if (labels.item(i) instanceof Element label
                    && label.getAttribute("model").equals("dac")) {
                Matcher owner = OWNER.matcher(label.getTextContent().strip());
                if (owner.lookingAt()) {
                    return Optional.of(new Owner(Integer.parseInt(owner.group(1)), Integer.parseInt(owner.group(2))));
                }
            }
        }
        return Optional.empty();
    }

    /** Whoever may define domains writes this: it names no other files. */
    private Element parsed(String xml) {
        try {
            DocumentBuilderFactory factory = DocumentBuilderFactory.newDefaultInstance();
            factory.setFeature(XMLConstants.FEATURE_SECURE_PROCESSING, true);
            factory.setFeature("http://apache.org/xml/features/disallow-doctype-decl", true);
            var builder = factory.newDocumentBuilder();
            builder.setErrorHandler(null);
            return builder.parse(new InputSource(new StringReader(xml))).getDocumentElement();
        } catch (SAXException | IOException e) {
            throw new ProblemException(
                    ProblemCode.LIBVIRT_UNREACHABLE, "libvirt at %s describes a domain in no XML".formatted(uri), e);
        } catch (ParserConfigurationException e) {
            throw new IllegalStateException("every JDK has a parser of XML", e);
        }
    }
}
