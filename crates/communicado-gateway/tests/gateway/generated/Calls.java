import java.util.List;
import org.openapitools.client.ApiClient;
import org.openapitools.client.ApiException;
import org.openapitools.client.api.DefaultApi;
import org.openapitools.client.model.Manual;
import org.openapitools.client.model.ManualOut;
import org.openapitools.client.model.NewClient;
import org.openapitools.client.model.Person;
import org.openapitools.client.model.Publish;
import org.openapitools.client.model.Status;

/** Calls the gateway with the client of openapi-generator: Calls BASE TOKEN. */
class Calls {
    private static final String NOTE = "Zahnarzt, zurück um vier";
    private static final long FORTY_DAYS = 40L * 24 * 3600 * 1000;

    public static void main(String[] arguments) throws ApiException {
        ApiClient client = new ApiClient();
        client.updateBaseUri(arguments[0]);
        client.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + arguments[1]));
        DefaultApi api = new DefaultApi(client);
        ManualOut out = new ManualOut().status("signed-out").note(NOTE).forMs(FORTY_DAYS);
        api.say("ada", new Manual(out));
        NewClient phone = new NewClient().client("phone").status(Status.SIGNED_IN);
        api.publish("ada", "phone", new Publish().leaseMs(60000).clients(List.of(phone)));
        List<Person> people = api.people(null, null, null, null).getPeople();
        expect(people.size() == 1, people);
        expect(people.get(0).getId().equals("ada"), people);
        expect(people.get(0).getStatus() == Status.SIGNED_OUT, people);
        expect(NOTE.equals(people.get(0).getNote()), people);
        try {
            api.person("nobody", null);
            throw new AssertionError("a missing person is found");
        } catch (ApiException error) {
            expect(error.getCode() == 404, error);
        }
    }

    private static void expect(boolean holds, Object seen) {
        if (!holds) {
            throw new AssertionError(seen);
        }
    }
}
