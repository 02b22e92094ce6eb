import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.codelibs.opensearch.runner.OpenSearchRunner;

/**
 * One node of an OpenSearch cluster, in a process of its own so that it can be killed alone.
 *
 * <p>Arguments: a directory of its own, its number from 0, the HTTP port of each node, the transport port of
 * each node (both as numbers with commas). Runs until it is told to end, or the process that started it has.
 */
final class Node {
    public static void main(String[] arguments) throws Exception {
        int number = Integer.parseInt(arguments[1]);
        List<String> http = List.of(arguments[2].split(","));
        List<String> transport = List.of(arguments[3].split(","));
        List<String> names = IntStream.range(0, http.size()).mapToObj(n -> "node-" + n).toList();
        List<String> places = transport.stream().map(port -> "127.0.0.1:" + port).toList();
        Path home = Files.createDirectories(Path.of(arguments[0]));
        OpenSearchRunner runner = new OpenSearchRunner();
        runner.onBuild((ignored, settings) -> {
            settings.put("cluster.name", "prakat");
            settings.put("node.name", names.get(number));
            settings.put("network.host", "127.0.0.1");
            settings.put("http.port", http.get(number));
            settings.put("transport.port", transport.get(number));
            settings.put("discovery.type", "zen"); // newer runners expect a single node
            settings.putList("discovery.seed_hosts", places);
            settings.putList("cluster.initial_cluster_manager_nodes", names);
            settings.put("node.max_local_storage_nodes", "1");
            settings.put("cluster.routing.allocation.disk.threshold_enabled", "false");
            settings.put("indices.memory.index_buffer_size", "64mb");
            settings.put("node.processors", "1");
        });
        runner.build(OpenSearchRunner.newConfigs().basePath(home.toString()).numOfNode(1).disableESLogger());
        ProcessHandle starter = ProcessHandle.current().parent().orElseThrow();
        while (starter.isAlive()) {
            Thread.sleep(500);
        }
        runner.close();
    }
}
