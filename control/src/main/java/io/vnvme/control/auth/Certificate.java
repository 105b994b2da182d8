package io.vnvme.control.auth;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.Base64;
import java.util.Date;
import java.util.HexFormat;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * What the daemon shows of itself over TCP: {@code tls.crt}, PEM certificates with its own first, and {@code tls.key}, a
 * PKCS #8 key in PEM that only the daemon's user reads. Where neither is there, one is made that is signed by itself;
 * an administrator may put others in their place.
 */
public record Certificate(PrivateKey key, List<X509Certificate> chain) {
    private static final String CERTIFICATES = "tls.crt";
    private static final String KEY = "tls.key";
    private static final String CURVE = "secp256r1";
    private static final String SIGNATURE = "SHA256withECDSA";
    private static final int SERIAL_BITS = 127;
    /** Clients know it by its fingerprint: it ends when the administrator replaces it. */
    private static final Duration VALIDITY = Duration.ofDays(3650);

    private static final Duration CLOCKS_DIFFER = Duration.ofDays(1);

    /** It cannot be read or made; the message is for the administrator. */
    public static final class CertificateException extends RuntimeException {
        private static final long serialVersionUID = 1;

        CertificateException(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /**
     * Reads it from a folder, or makes it there.
     *
     * @param hosts names and addresses that one which is made shall hold
     */
    public static Certificate in(Path folder, List<String> hosts) {
        Path certificates = folder.resolve(CERTIFICATES);
        Path key = folder.resolve(KEY);
        try {
            if (Files.notExists(certificates) && Files.notExists(key)) {
                make(certificates, key, hosts);
            }
            return new Certificate(readKey(key), readChain(certificates));
        } catch (IOException | GeneralSecurityException | OperatorCreationException | IllegalArgumentException e) {
            throw new CertificateException(
                    "%s and %s are no certificate and key (%s): put PEM there, the key as PKCS #8, or remove both to have them made"
                            .formatted(certificates, key, e.getMessage()),
                    e);
        }
    }

    /** SHA-256 of the daemon's own certificate: pairs of hexadecimal digits with colons. */
    public String fingerprint() {
        return fingerprint(chain.getFirst());
    }

    /** SHA-256 of a certificate: pairs of hexadecimal digits with colons. */
    public static String fingerprint(X509Certificate certificate) {
        try {
            return HexFormat.ofDelimiter(":").withUpperCase().formatHex(Secrets.sha256(certificate.getEncoded()));
        } catch (CertificateEncodingException e) {
            throw new IllegalStateException("a certificate that was read has no encoding", e);
        }
    }

    private static void make(Path certificates, Path key, List<String> hosts)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
        generator.initialize(new ECGenParameterSpec(CURVE));
        KeyPair pair = generator.generateKeyPair();
        X509Certificate certificate = selfSigned(pair, hosts);
        // The key first: a crash between the two leaves a key alone, which is refused and says what to remove.
        write(key, pem("PRIVATE KEY", pair.getPrivate().getEncoded()), "rw-------");
        write(certificates, pem("CERTIFICATE", certificate.getEncoded()), "rw-r--r--");
    }

    private static X509Certificate selfSigned(KeyPair pair, List<String> hosts)
            throws IOException, GeneralSecurityException, OperatorCreationException {
        Instant now = Instant.now();
        X500Name name = new X500Name("CN=vNVMe");
        JcaX509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(
                name,
                new BigInteger(SERIAL_BITS, new SecureRandom()).setBit(0),
                Date.from(now.minus(CLOCKS_DIFFER)),
                Date.from(now.plus(VALIDITY)),
                name,
                pair.getPublic());
        builder.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(names(hosts)));
        builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(false));
        builder.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth));
        return new JcaX509CertificateConverter()
                .getCertificate(builder.build(new JcaContentSignerBuilder(SIGNATURE).build(pair.getPrivate())));
    }

    private static GeneralName[] names(List<String> hosts) throws IOException {
        Set<String> all = new LinkedHashSet<>(hosts);
        all.add("localhost");
        all.add(InetAddress.getLoopbackAddress().getHostAddress());
        return all.stream()
                .map(h -> new GeneralName(h.matches("[0-9.]+|.*:.*") ? GeneralName.iPAddress : GeneralName.dNSName, h))
                .toArray(GeneralName[]::new);
    }

    private static String pem(String kind, byte[] content) {
        String text = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
        return "-----BEGIN %s-----\n%s\n-----END %s-----\n".formatted(kind, text, kind);
    }

    private static void write(Path file, String text, String permissions) throws IOException {
        Path draft = file.resolveSibling(file.getFileName() + ".new");
        Files.deleteIfExists(draft);
        Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString(permissions)));
        Files.writeString(draft, text);
        Files.move(draft, file, StandardCopyOption.ATOMIC_MOVE);
    }

    private static List<X509Certificate> readChain(Path file) throws IOException, GeneralSecurityException {
        CertificateFactory factory = CertificateFactory.getInstance("X.509");
        List<X509Certificate> chain =
                factory.generateCertificates(new ByteArrayInputStream(Files.readAllBytes(file))).stream()
                        .map(X509Certificate.class::cast)
                        .toList();
        if (chain.isEmpty()) {
            throw new IllegalArgumentException("%s holds no certificate".formatted(file));
        }
        return chain;
    }

    private static PrivateKey readKey(Path file) throws IOException, GeneralSecurityException {
        String text = Files.readString(file, StandardCharsets.US_ASCII);
        int begin = text.indexOf("-----BEGIN PRIVATE KEY-----");
        int end = text.indexOf("-----END PRIVATE KEY-----");
        if (begin < 0 || end < begin) {
            throw new IllegalArgumentException("%s holds no PKCS #8 key".formatted(file));
        }
        byte[] content = Base64.getMimeDecoder().decode(text.substring(text.indexOf('\n', begin), end));
        PKCS8EncodedKeySpec spec = new PKCS8EncodedKeySpec(content);
        try {
            GeneralSecurityException last = new GeneralSecurityException("no kind of key");
            for (String kind : List.of("EC", "RSA", "Ed25519")) {
                try {
                    return KeyFactory.getInstance(kind).generatePrivate(spec);
                } catch (GeneralSecurityException e) {
                    last = e;
                }
            }
            throw last;
        } finally {
            Arrays.fill(content, (byte) 0);
        }
    }

    /** A fingerprint as people write it: with colons or without, in capitals or not. */
    public static String plain(String fingerprint) {
        return fingerprint.replace(":", "").strip().toUpperCase(Locale.ROOT);
    }
}
