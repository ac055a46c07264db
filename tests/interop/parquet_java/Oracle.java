/* Oracle.java: parquet-java as reader and writer beside ours. Run as a single source file: java -cp … Oracle.java
 *
 *     dump FILE…    into FILE.dump the schema as a line, then one JSON object a row: the tree of the file's own schema,
 *                   repeated fields as arrays, integers as they are stored, floats by their bits, byte arrays in base64
 *     write FOLDER  files that only parquet-java makes: its v2 pages with DELTA encodings, Hadoop's LZ4, bloom filters,
 *                   BYTE_STREAM_SPLIT, INT96, deep nesting, two-level lists, geometry with its statistics, INTERVAL
 */
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Random;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.column.ParquetProperties.WriterVersion;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.NanoTime;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.parquet.schema.Type;

public final class Oracle {
    static final String FLAT = """
        message flat {
          required int64 id;
          optional binary name (STRING);
          optional int32 small (INTEGER(16,true));
          optional int64 at (TIMESTAMP(MICROS,true));
          optional double price;
          optional float ratio;
          optional boolean flag;
          optional fixed_len_byte_array(6) amount (DECIMAL(12,2));
          optional int96 old;
        }""";
    static final String NESTED = """
        message nested {
          required int32 id;
          optional group tags (LIST) { repeated group list { optional binary element (STRING); } }
          optional group pairs (MAP) { repeated group key_value { required binary key (STRING);
            optional group value (LIST) { repeated group list { optional int64 element; } } } }
          optional group who { required binary name (STRING);
            optional group at { optional double x; required double y; } }
          optional group old (LIST) { repeated int32 array; }
          optional group pts (LIST) { repeated group pts_tuple { required int32 a; optional int32 b; } }
          repeated int64 bare;
        }""";
    static final String SPECIAL = """
        message special {
          optional binary place (GEOMETRY(srid:5070));
          optional binary plain (GEOMETRY);
          required binary route (GEOGRAPHY(EPSG:4269,KARNEY));
          optional fixed_len_byte_array(12) took (INTERVAL);
          optional binary amount (DECIMAL(76,3));
        }""";

    public static void main(String[] a) throws Exception {
        if (a[0].equals("write"))
            write(Path.of(a[1]));
        else
            for (int i = 1; i < a.length; i++)
                dump(a[i]);
    }

    // ── reading ──

    static void dump(String file) throws Exception {
        var input = new LocalInputFile(Path.of(file));
        var out = new StringBuilder();
        try (var f = ParquetFileReader.open(input)) {
            out.append(f.getFileMetaData().getSchema().toString().replaceAll("\\s+", " ")).append('\n');
        }
        var reader = new ParquetReader.Builder<Group>(input) {
            @Override protected GroupReadSupport getReadSupport() { return new GroupReadSupport(); }
        }.withConf(new Configuration()).build();
        try (reader) {
            for (Group g; (g = reader.read()) != null; out.append('\n'))
                group(g, out);
        }
        Files.writeString(Path.of(file + ".dump"), out);
    }

    static void group(Group g, StringBuilder out) {
        GroupType type = g.getType();
        out.append('{');
        for (int i = 0; i < type.getFieldCount(); i++) {
            Type field = type.getType(i);
            int n = g.getFieldRepetitionCount(i);
            out.append(i > 0 ? "," : "").append('"').append(field.getName()).append("\":");
            if (!field.isRepetition(Type.Repetition.REPEATED)) {
                if (n == 0)
                    out.append("null");
                else
                    value(g, i, 0, out);
                continue;
            }
            out.append('[');
            for (int k = 0; k < n; k++) {
                out.append(k > 0 ? "," : "");
                value(g, i, k, out);
            }
            out.append(']');
        }
        out.append('}');
    }

    static void value(Group g, int i, int k, StringBuilder out) {
        Type type = g.getType().getType(i);
        if (!type.isPrimitive()) {
            group(g.getGroup(i, k), out);
            return;
        }
        switch (type.asPrimitiveType().getPrimitiveTypeName()) {
        case BOOLEAN -> out.append(g.getBoolean(i, k));
        case INT32 -> out.append(g.getInteger(i, k));
        case INT64 -> out.append(g.getLong(i, k));
        case FLOAT -> out.append(Float.floatToRawIntBits(g.getFloat(i, k)));
        case DOUBLE -> out.append(Double.doubleToRawLongBits(g.getDouble(i, k)));
        case INT96 -> base64(g.getInt96(i, k), out);
        default -> base64(g.getBinary(i, k), out);
        }
    }

    static void base64(Binary b, StringBuilder out) {
        out.append('"').append(Base64.getEncoder().encodeToString(b.getBytes())).append('"');
    }

    // ── writing ──

    static ExampleParquetWriter.Builder writer(Path folder, String name, String schema, CompressionCodecName codec,
                                               WriterVersion version) throws Exception {
        Path file = folder.resolve(name + ".parquet");
        Files.deleteIfExists(file);
        return ExampleParquetWriter.builder(new LocalOutputFile(file))
            .withType(MessageTypeParser.parseMessageType(schema)).withConf(new Configuration())
            .withCompressionCodec(codec).withWriterVersion(version).withPageSize(4096).withPageRowCountLimit(700)
            .withRowGroupSize(256L * 1024);
    }

    static void write(Path folder) throws Exception {
        var v1 = WriterVersion.PARQUET_1_0;
        var v2 = WriterVersion.PARQUET_2_0;
        fill(writer(folder, "flat_v1", FLAT, CompressionCodecName.SNAPPY, v1), FLAT);
        fill(writer(folder, "flat_v2", FLAT, CompressionCodecName.UNCOMPRESSED, v2), FLAT);
        fill(writer(folder, "flat_delta", FLAT, CompressionCodecName.ZSTD, v2).withDictionaryEncoding(false), FLAT);
        fill(writer(folder, "flat_gzip", FLAT, CompressionCodecName.GZIP, v1), FLAT);
        fill(writer(folder, "flat_lz4_raw", FLAT, CompressionCodecName.LZ4_RAW, v1), FLAT);
        fill(writer(folder, "flat_split", FLAT, CompressionCodecName.SNAPPY, v1).withDictionaryEncoding(false)
                 .withByteStreamSplitEncoding(true), FLAT);
        fill(writer(folder, "flat_bloom", FLAT, CompressionCodecName.SNAPPY, v1).withBloomFilterEnabled("id", true)
                 .withBloomFilterEnabled("name", true).withBloomFilterNDV("id", 5000), FLAT);
        fill(writer(folder, "nested_v1", NESTED, CompressionCodecName.SNAPPY, v1), NESTED);
        fill(writer(folder, "nested_v2", NESTED, CompressionCodecName.ZSTD, v2), NESTED);
        fill(writer(folder, "nested_delta", NESTED, CompressionCodecName.UNCOMPRESSED, v2)
                 .withDictionaryEncoding(false), NESTED);
        fill(writer(folder, "special", SPECIAL, CompressionCodecName.SNAPPY, v1), SPECIAL);
    }

    static void fill(ExampleParquetWriter.Builder builder, String schema) throws Exception {
        MessageType type = MessageTypeParser.parseMessageType(schema);
        var random = new Random(7);
        try (ParquetWriter<Group> w = builder.build()) {
            for (int i = 0; i < 5000; i++) {
                var g = new SimpleGroup(type);
                if (schema == FLAT)
                    flat(g, i, random);
                else if (schema == SPECIAL)
                    special(g, i, random);
                else
                    nested(g, i, random);
                w.write(g);
            }
        }
    }

    static boolean some(Random r) {
        return r.nextInt(5) != 0;
    }

    static void flat(Group g, int i, Random r) {
        g.add("id", (long) i * i - 1000);
        if (some(r))
            g.add("name", "name " + "x".repeat(r.nextInt(20)) + r.nextInt(300));
        if (some(r))
            g.add("small", r.nextInt(65536) - 32768);
        if (some(r))
            g.add("at", 1_600_000_000_000_000L + i * 1_000_003L);
        if (some(r))
            g.add("price", r.nextGaussian() * 1e5);
        if (some(r))
            g.add("ratio", r.nextFloat());
        if (some(r))
            g.add("flag", r.nextBoolean());
        if (some(r))
            g.add("amount", Binary.fromConstantByteArray(decimal(r.nextInt(2_000_000) - 1_000_000)));
        if (some(r))
            g.add("old", new NanoTime(2_440_588 + r.nextInt(20_000), r.nextInt(86_400) * 1_000_000_000L + 5));
    }

    /* Six bytes, big-endian. */
    static byte[] decimal(long v) {
        var out = new byte[6];
        for (int i = 5; i >= 0; i--, v >>= 8)
            out[i] = (byte) v;
        return out;
    }

    /* WKB of a point, little-endian. */
    static Binary point(double x, double y) {
        var out = ByteBuffer.allocate(21).order(ByteOrder.LITTLE_ENDIAN);
        return Binary.fromConstantByteArray(out.put((byte) 1).putInt(1).putDouble(x).putDouble(y).array());
    }

    static void special(Group g, int i, Random r) {
        if (some(r))
            g.add("place", point(i, -i));
        if (some(r))
            g.add("plain", point(r.nextInt(180), r.nextInt(90)));
        g.add("route", point(r.nextInt(180), r.nextInt(90)));
        if (some(r)) {
            var took = ByteBuffer.allocate(12).order(ByteOrder.LITTLE_ENDIAN);
            took.putInt(i % 30).putInt(i).putInt(r.nextInt());
            g.add("took", Binary.fromConstantByteArray(took.array()));
        }
        if (some(r))
            g.add("amount", Binary.fromConstantByteArray(new BigInteger(1 + r.nextInt(250), r).negate().toByteArray()));
    }

    static void nested(Group g, int i, Random r) {
        g.add("id", i);
        if (some(r)) {
            Group tags = g.addGroup("tags");
            for (int k = r.nextInt(4); k > 0; k--) {
                Group e = tags.addGroup("list");
                if (some(r))
                    e.add("element", "a tag of row " + i % 50);
            }
        }
        if (some(r)) {
            Group pairs = g.addGroup("pairs");
            for (int k = r.nextInt(3); k > 0; k--) {
                Group kv = pairs.addGroup("key_value");
                kv.add("key", "k" + k);
                if (!some(r))
                    continue;
                Group list = kv.addGroup("value");
                for (int m = r.nextInt(3); m > 0; m--) {
                    Group e = list.addGroup("list");
                    if (some(r))
                        e.add("element", (long) i * m);
                }
            }
        }
        if (some(r)) {
            Group who = g.addGroup("who");
            who.add("name", "person " + i);
            if (some(r)) {
                Group at = who.addGroup("at");
                if (some(r))
                    at.add("x", r.nextDouble());
                at.add("y", r.nextDouble());
            }
        }
        if (some(r)) {
            Group old = g.addGroup("old");
            for (int k = r.nextInt(4); k > 0; k--)
                old.add("array", k);
        }
        if (some(r)) {
            Group pts = g.addGroup("pts");
            for (int k = r.nextInt(3); k > 0; k--) {
                Group p = pts.addGroup("pts_tuple");
                p.add("a", k);
                if (some(r))
                    p.add("b", -k);
            }
        }
        for (int k = r.nextInt(3); k > 0; k--)
            g.add("bare", (long) k);
    }
}
