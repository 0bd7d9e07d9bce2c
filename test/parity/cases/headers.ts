import { ofNginx, type Case, type Topic } from "../case.js";

export const forwarded: Topic = {
  title: "What backends are told of the client",
  cases: [
    {
      name: "The address, scheme and host of the client are told",
      site: "plain",
      ask: "GET /",
      expect: {
        status: 200,
        seen: {
          headers: {
            "x-forwarded-for": "127.0.0.1",
            "x-forwarded-proto": "http",
            "x-forwarded-host": "plain.test",
            host: "plain.test",
          },
        },
      },
    },
    ...["X-Forwarded-For: 192.0.2.1", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.test"].map(
      (field): Case => {
        const name = field.slice(0, field.indexOf(":"));
        const told = {
          "X-Forwarded-For": "127.0.0.1",
          "X-Forwarded-Proto": "http",
          "X-Forwarded-Host": "plain.test",
        };
        return {
          name: `A client's ${name} is not believed`,
          site: "plain",
          fields: [field],
          expect: {
            status: 200,
            seen: { headers: { [name.toLowerCase()]: told[name as keyof typeof told] } },
          },
        };
      },
    ),
    ...[
      "Forwarded: for=192.0.2.1",
      "X-Forwarded-Prefix: /x",
      "X-Forwarded-Ssl: on",
      "X-Forwarded-Server: evil",
    ].map((field): Case => {
      const name = field.slice(0, field.indexOf(":"));
      return {
        name: `A client's ${name} is not passed on`,
        site: "plain",
        fields: [field],
        expect: { status: 200, seen: { headers: { [name.toLowerCase()]: null } } },
      };
    }),
    {
      name: "A client's X_Forwarded_For is not passed on",
      site: "plain",
      fields: ["X_Forwarded_For: 192.0.2.1", "X_Forwarded-Proto: https"],
      expect: { status: 200, seen: { headers: { x_forwarded_for: null, "x_forwarded-proto": null } } },
    },
    {
      name: "A trusted proxy's X-Forwarded-For goes on, with its own address behind",
      site: "trusted",
      fields: ["X-Forwarded-For: 192.0.2.1"],
      expect: { status: 200, seen: { headers: { "x-forwarded-for": "192.0.2.1, 127.0.0.1" } } },
    },
    {
      name: "A trusted proxy's scheme goes on",
      site: "trusted",
      fields: ["X-Forwarded-Proto: https"],
      expect: { status: 200, seen: { headers: { "x-forwarded-proto": "https" } } },
    },
    {
      name: "So it does to the upstream of a route",
      site: "trusted",
      ask: "GET /api/x",
      fields: ["X-Forwarded-Proto: https"],
      expect: {
        status: 200,
        headers: { "x-by": "api" },
        seen: { url: "/x", headers: { "x-forwarded-proto": "https" } },
      },
    },
    {
      name: "And to a program behind CGI",
      site: "trusted",
      ask: "GET /uwsgi/x?who",
      fields: ["X-Forwarded-Proto: https", "X-Asked: yes"],
      expect: { status: 200, body: "127.0.0.1 https /uwsgi/x yes" },
    },
    {
      name: "Nobody else's scheme and way do",
      site: "trusted",
      from: "127.0.0.2",
      fields: ["X-Forwarded-Proto: https", "X-Forwarded-For: 192.0.2.1", "X-Forwarded-Host: evil.test"],
      expect: {
        status: 200,
        seen: {
          headers: {
            "x-forwarded-proto": "http",
            "x-forwarded-for": "127.0.0.2",
            "x-forwarded-host": "trusted.test",
          },
        },
      },
    },
    {
      name: "Two schemes are none",
      site: "trusted",
      fields: ["X-Forwarded-Proto: https, http"],
      expect: { status: 200, seen: { headers: { "x-forwarded-proto": "http" } } },
    },
    {
      name: "A scheme that is none is not told",
      site: "trusted",
      fields: ["X-Forwarded-Proto: gopher"],
      expect: { status: 200, seen: { headers: { "x-forwarded-proto": "http" } } },
    },
    {
      name: "Fields of the connection stay on it",
      site: "plain",
      fields: ["Connection: close, X-Hop", "Keep-Alive: timeout=5", "X-Hop: 1", "X-Stays: 1"],
      expect: { status: 200, seen: { headers: { "keep-alive": null, "x-stays": "1" } } },
    },
  ],
};

export const rewriting: Topic = {
  title: "Headers rewritten",
  cases: [
    {
      name: "A request header is set, whatever the client sent",
      site: "asks",
      fields: ["X-Env: evil"],
      expect: { status: 200, seen: { headers: { "x-env": "prod $x" } } },
    },
    {
      name: "Request headers are taken out, in any case",
      site: "asks",
      fields: ["x-secret: 1", "ACCEPT-LANGUAGE: de", "X-Other: 1"],
      expect: {
        status: 200,
        seen: { headers: { "x-secret": null, "accept-language": null, "x-other": "1" } },
      },
    },
    {
      name: "Neither comes by a name with _ in the place of a hyphen",
      site: "asks",
      fields: ["X_Env: evil", "X_Secret: 1", "accept_language: de"],
      expect: {
        status: 200,
        seen: {
          headers: {
            "x-env": "prod $x",
            x_env: null,
            "x-secret": null,
            x_secret: null,
            accept_language: null,
          },
        },
      },
    },
    {
      name: "A header of an answer is set in place of the backend's",
      site: "answers",
      ask: "GET /tell/text?X-Frame-Options=ALLOW&X-Powered-By=me&X-App=1",
      expect: { status: 200, headers: { "x-frame-options": ["DENY"], "x-powered-by": null, "x-app": "1" } },
    },
    {
      name: "So it is on an error of the backend",
      site: "answers",
      ask: "GET /tell/text?status=404&X-App=1",
      expect: { status: 404, headers: { "x-frame-options": "DENY", "x-app": "1" } },
    },
  ],
};

/** Rows of [what the backend says, what the client is told]. */
const LOCATIONS: readonly (readonly [string, string])[] = [
  ["http://127.0.0.1:9000/app/x?y=z", "/shop/x?y=z"],
  ["http://127.0.0.1:9000/app/", "/shop/"],
  ["http://127.0.0.1:9000/app", "/shop"],
  ["HTTP://127.0.0.1:9000/app/x", "/shop/x"],
  ["http://127.0.0.1:9000/other", "https://public.test/other"],
  ["http://127.0.0.1:9000", "https://public.test"],
  ["http://127.0.0.1:9000?a", "https://public.test?a"],
  ["/app/x", "/x"],
  ["/app/?x", "/?x"],
  ["/apple", "/apple"],
  ["/app//evil.test", "/evil.test"],
  ["/app///evil.test", "/app///evil.test"],
  ["//evil.test/app/", "//evil.test/app/"],
  ["//127.0.0.1:9000/app/", "//127.0.0.1:9000/app/"],
  ["http://127.0.0.1:90001/app/", "http://127.0.0.1:90001/app/"],
  ["http://127.0.0.1:9000.evil.test/", "http://127.0.0.1:9000.evil.test/"],
  ["http://127.0.0.1:9000@evil.test/", "http://127.0.0.1:9000@evil.test/"],
  ["http://user@127.0.0.1:9000/app/", "http://user@127.0.0.1:9000/app/"],
  ["https://127.0.0.1:9000/app/", "https://127.0.0.1:9000/app/"],
  ["http://evil.test/?http://127.0.0.1:9000/", "http://evil.test/?http://127.0.0.1:9000/"],
  ["/app/\\evil.test", "/app/\\evil.test"],
  ["app/x", "app/x"],
  ["../app/x", "../app/x"],
];

export const locations: Topic = {
  title: "Redirects mapped",
  cases: [
    ...LOCATIONS.map(([sent, told]): Case => ({
      name: sent === told ? `\`${sent}\` stays` : `\`${sent}\` becomes \`${told}\``,
      site: "leads",
      ask: `GET /tell/none?status=302&Location=${encodeURIComponent(sent)}`,
      expect: { status: 302, headers: { location: [told] } },
    })),
    {
      name: "Content-Location is mapped alike",
      site: "leads",
      ask: "GET /tell/text?Content-Location=/app/x",
      expect: { status: 200, headers: { "content-location": ["/x"] } },
    },
    {
      name: "An answer without a Location gets none",
      site: "leads",
      ask: "GET /tell/text?status=200",
      expect: { status: 200, headers: { location: null, "content-location": null } },
    },
  ],
};

/** Rows of [site, what the backend sends, what the client is told, what nginx tells when it differs]. */
const COOKIES: readonly (readonly [string, string, string, string?])[] = [
  ["paths", "a=1; Path=/app/", "a=1; Path=/"],
  ["paths", "a=1; Path=/app/x; HttpOnly", "a=1; Path=/x; HttpOnly"],
  ["paths", "a=1; Path=/app", "a=1; Path=/"],
  ["paths", "a=1; Path=/apple", "a=1; Path=/apple"],
  ["paths", "a=1; Path=/old/x", "a=1; Path=/new/x"],
  ["paths", "a=/app/; Path=/", "a=/app/; Path=/"],
  ["paths", "a=1", "a=1"],
  ["domains", "a=1; Domain=app.internal; Path=/app/", "a=1; Domain=public.test; Path=/app/"],
  ["domains", "a=1; Domain=.App.Internal", "a=1; Domain=public.test", "a=1; Domain=.public.test"],
  ["domains", "a=1; Domain=other.internal", "a=1; Domain=other.internal"],
  ["domains", "a=1; Domain=x.app.internal", "a=1; Domain=x.app.internal"],
  ["drops", "a=1; Domain=app.internal; Secure", "a=1; Secure", "a=1; Domain=; Secure"],
];

export const cookies: Topic = {
  title: "Cookies mapped",
  cases: [
    ...COOKIES.map(([site, sent, told, byNginx]): Case => ({
      name: sent === told ? `\`${sent}\` stays, on ${site}` : `\`${sent}\` becomes \`${told}\``,
      site,
      ask: `GET /tell/text?Set-Cookie=${encodeURIComponent(sent)}`,
      expect: { status: 200, headers: { "set-cookie": [told] } },
      ...(byNginx === undefined
        ? {}
        : { limits: ofNginx("cookie-domain", { headers: { "set-cookie": [byNginx] } }) }),
    })),
    {
      name: "Each of several cookies is mapped",
      site: "paths",
      ask: `GET /tell/text?Set-Cookie=${encodeURIComponent("a=1; Path=/app/")}&Set-Cookie=${encodeURIComponent("b=2; Path=/old")}&Set-Cookie=c=3`,
      expect: { status: 200, headers: { "set-cookie": ["a=1; Path=/", "b=2; Path=/new", "c=3"] } },
    },
  ],
};
