import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;

/** Turns a file of PEM certificates (first argument) into a Java trust store (second), as Debian's package would. */
final class TrustStore {
    private static final char[] PASSWORD = "changeit".toCharArray();

    public static void main(String[] args) throws Exception {
        // Java reads its default store without the password: with PKCS12 it would find no certificate then.
        KeyStore store = KeyStore.getInstance("JKS");
        store.load(null, PASSWORD);
        int count = 0;
        try (InputStream pem = Files.newInputStream(Path.of(args[0]))) {
            for (var certificate : CertificateFactory.getInstance("X.509").generateCertificates(pem)) {
                store.setCertificateEntry("trusted-" + count++, certificate);
            }
        }
        try (OutputStream out = Files.newOutputStream(Path.of(args[1]))) {
            store.store(out, PASSWORD);
        }
    }
}
