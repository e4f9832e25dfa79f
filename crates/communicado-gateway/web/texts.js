// The texts of the board in each language. The English text is the key.

/** The languages, in the order of the columns. */
export const LANGUAGES = ["en", "de", "fr", "es"];

/** Each text in English, German, French and Spanish. A `|` separates singular and plural. */
export const TEXTS = [
  ["Who is in", "Wer ist da?", "Qui est là ?", "¿Quién está?"],
  ["Skip to the people", "Zu den Personen", "Aller aux personnes", "Ir a las personas"],
  ["Sign out", "Abmelden", "Se déconnecter", "Cerrar sesión"],
  ["Show", "Anzeigen", "Afficher", "Mostrar"],
  ["All", "Alle", "Tous", "Todos"],
  ["Group", "Gruppe", "Groupe", "Grupo"],
  ["All groups", "Alle Gruppen", "Tous les groupes", "Todos los grupos"],
  ["Order", "Reihenfolge", "Ordre", "Orden"],
  ["By name", "Nach Name", "Par nom", "Por nombre"],
  ["By status", "Nach Status", "Par statut", "Por estado"],
  ["By group", "Nach Gruppe", "Par groupe", "Por grupo"],
  ["Find", "Suchen", "Chercher", "Buscar"],
  ["Find a name or a note", "Name oder Notiz suchen", "Chercher un nom ou une note", "Buscar un nombre o una nota"],
  ["People, their status, groups, since when, note and expected return", "Personen mit Status, Gruppen, Beginn, Notiz und erwarteter Rückkehr", "Personnes, statut, groupes, début, note et retour prévu", "Personas, estado, grupos, inicio, nota y regreso previsto"],
  ["Person", "Person", "Personne", "Persona"],
  ["Status", "Status", "Statut", "Estado"],
  ["Since", "Seit", "Depuis", "Desde"],
  ["Note", "Notiz", "Note", "Nota"],
  ["Back", "Zurück", "Retour", "Vuelve"],
  ["since", "seit", "depuis", "desde"],
  ["back", "zurück", "retour", "vuelve"],
  ["The board is loading.", "Die Übersicht wird geladen.", "Le tableau se charge.", "El panel se está cargando."],
  ["Sign in to see the board", "Melden Sie sich an, um die Übersicht zu sehen", "Connectez-vous pour voir le tableau", "Inicie sesión para ver el panel"],
  ["Sign in with {name}", "Anmelden mit {name}", "Se connecter avec {name}", "Iniciar sesión con {name}"],
  ["Access token", "Zugriffstoken", "Jeton d’accès", "Token de acceso"],
  ["The token begins with cmt_. Ask your gateway administrator for one.", "Das Token beginnt mit cmt_. Fragen Sie den Administrator des Gateways danach.", "Le jeton commence par cmt_. Demandez-en un à l’administrateur de la passerelle.", "El token empieza por cmt_. Pídalo al administrador de la pasarela."],
  ["Sign in", "Anmelden", "Se connecter", "Iniciar sesión"],
  ["Your access was revoked. This browser has deleted the board's data.", "Ihr Zugriff wurde widerrufen. Dieser Browser hat die Daten der Übersicht gelöscht.", "Votre accès a été révoqué. Ce navigateur a supprimé les données du tableau.", "Su acceso fue revocado. Este navegador ha borrado los datos del panel."],
  ["Your session has ended.", "Ihre Sitzung ist beendet.", "Votre session est terminée.", "Su sesión ha terminado."],
  ["The gateway cannot be reached.", "Das Gateway ist nicht erreichbar.", "La passerelle est injoignable.", "No se puede acceder a la pasarela."],
  ["The gateway cannot be reached. This page retries automatically.", "Das Gateway ist nicht erreichbar. Diese Seite versucht es automatisch erneut.", "La passerelle est injoignable. Cette page réessaie automatiquement.", "No se puede acceder a la pasarela. Esta página lo reintenta automáticamente."],
  ["The gateway cannot be reached, and you are still signed in.", "Das Gateway ist nicht erreichbar, und Sie sind noch angemeldet.", "La passerelle est injoignable, et vous êtes toujours connecté.", "No se puede acceder a la pasarela y la sesión sigue abierta."],
  ["The gateway cannot be reached. Nothing was changed.", "Das Gateway ist nicht erreichbar. Es wurde nichts geändert.", "La passerelle est injoignable. Rien n’a été modifié.", "No se puede acceder a la pasarela. No se ha cambiado nada."],
  ["No connection to the gateway. Last update: {time}, {ago}.", "Keine Verbindung zum Gateway. Letzte Aktualisierung: {time}, {ago}.", "Pas de connexion à la passerelle. Dernière mise à jour : {time}, {ago}.", "Sin conexión con la pasarela. Última actualización: {time}, {ago}."],
  ["Nobody matches", "Keine Treffer", "Aucun résultat", "Sin resultados"],
  ["Nobody matches the filters. Show all, or shorten the search.", "Niemand entspricht den Filtern. Zeigen Sie alle an, oder kürzen Sie die Suche.", "Personne ne correspond aux filtres. Affichez tout, ou raccourcissez la recherche.", "Nadie coincide con los filtros. Muestre todos o acorte la búsqueda."],
  ["The board has no people yet", "Die Übersicht enthält noch niemanden", "Le tableau ne contient encore personne", "El panel aún no contiene a nadie"],
  ["An administrator adds people. An agent on their desktops then publishes their status.", "Ein Administrator fügt Personen hinzu. Ein Agent auf deren Rechnern meldet dann ihren Status.", "Un administrateur ajoute des personnes. Un agent sur leurs postes publie ensuite leur statut.", "Un administrador añade personas. Un agente en sus equipos publica después su estado."],
  ["{count} more people are not shown: search for a name, or choose a group.", "{count} weitere Personen werden nicht angezeigt: Suchen Sie einen Namen, oder wählen Sie eine Gruppe.", "{count} autres personnes ne sont pas affichées : cherchez un nom, ou choisissez un groupe.", "No se muestran {count} personas más: busque un nombre o elija un grupo."],
  ["Page {page} of {pages}", "Seite {page} von {pages}", "Page {page} sur {pages}", "Página {page} de {pages}"],
  ["Live", "Live", "En direct", "En directo"],
  ["Connecting", "Verbindung wird hergestellt", "Connexion", "Conectando"],
  ["Reconnecting", "Verbindung wird wiederhergestellt", "Reconnexion", "Reconectando"],
  ["in", "da", "en ligne", "en línea"],
  ["out", "nicht da", "hors ligne", "fuera de línea"],
  ["unknown", "unbekannt", "inconnu|inconnus", "desconocido|desconocidos"],
  ["at {time}", "um {time}", "à {time}", "a las {time}"],
  ["{count} people changed.", "{count} Personen haben sich geändert.", "{count} personnes ont changé.", "{count} personas han cambiado."],
  ["was {status}", "war {status}", "était {status}", "estaba {status}"],
  ["(you)", "(Sie)", "(vous)", "(usted)"],
  ["set by hand", "manuell gesetzt", "défini manuellement", "fijado a mano"],

  ["In", "Da", "En ligne", "En línea"],
  ["Out", "Nicht da", "Hors ligne", "Fuera de línea"],
  ["Available", "Verfügbar", "Disponible", "Disponible"],
  ["Busy", "Beschäftigt", "Occupé", "Ocupado"],
  ["Do not disturb", "Nicht stören", "Ne pas déranger", "No molestar"],
  ["Be right back", "Bin gleich zurück", "De retour bientôt", "Vuelvo enseguida"],
  ["Away", "Abwesend", "Absent", "Ausente"],
  ["Idle", "Inaktiv", "Inactif", "Inactivo"],
  ["Changing", "Im Wechsel", "En transition", "En transición"],
  ["Unknown", "Unbekannt", "Inconnu", "Desconocido"],
  ["Starting", "Startet", "Démarrage", "Iniciando"],
  ["Signing in", "Meldet sich an", "Connexion en cours", "Iniciando sesión"],
  ["Signing out", "Meldet sich ab", "Déconnexion en cours", "Cerrando sesión"],
  ["Shutting down", "Wird beendet", "Fermeture", "Cerrando"],
  ["no client is running", "kein Client läuft", "aucun client ouvert", "ningún cliente abierto"],
  ["signed out", "abgemeldet", "déconnecté", "sesión cerrada"],
  ["sign-in failed", "Anmeldung fehlgeschlagen", "échec de la connexion", "error al iniciar sesión"],
  ["no recent update", "keine aktuelle Meldung", "pas de mise à jour récente", "sin novedades recientes"],
  ["source unavailable", "Quelle nicht verfügbar", "source indisponible", "fuente no disponible"],
  ["client not responding", "Client antwortet nicht", "le client ne répond pas", "el cliente no responde"],
  ["no access to the client", "kein Zugriff auf den Client", "pas d’accès au client", "sin acceso al cliente"],
  ["not supported by the client", "vom Client nicht unterstützt", "non pris en charge par le client", "no admitido por el cliente"],
  ["on the phone", "am Telefon", "au téléphone", "al teléfono"],
  ["in a meeting", "in einer Besprechung", "en réunion", "en una reunión"],
  ["in a conference", "in einer Konferenz", "en conférence", "en una conferencia"],
  ["presenting", "präsentiert", "présente", "presentando"],
  ["out of office", "außer Haus", "absent du bureau", "fuera de la oficina"],
  ["out to lunch", "in der Mittagspause", "en pause déjeuner", "almorzando"],
  ["urgent interruptions only", "nur dringende Störungen", "interruptions urgentes seulement", "solo interrupciones urgentes"],
  ["less than a minute ago", "vor weniger als einer Minute", "il y a moins d’une minute", "hace menos de un minuto"],

  ["An administrator opens this address in another browser and enters the code:", "Ein Administrator öffnet diese Adresse in einem anderen Browser und gibt den Code ein:", "Un administrateur ouvre cette adresse dans un autre navigateur et saisit le code :", "Un administrador abre esta dirección en otro navegador e introduce el código:"],
  ["Connect a screen", "Einen Bildschirm verbinden", "Connecter un écran", "Conectar una pantalla"],
  ["The screen shows names, in or out, and return times.", "Der Bildschirm zeigt Namen, ob sie da sind, und Rückkehrzeiten.", "L’écran affiche les noms, la présence et les heures de retour.", "La pantalla muestra nombres, presencia y horas de regreso."],
  ["Code on the screen", "Code auf dem Bildschirm", "Code sur l’écran", "Código en la pantalla"],
  ["Name of the screen", "Name des Bildschirms", "Nom de l’écran", "Nombre de la pantalla"],
  ["Screen", "Bildschirm", "Écran", "Pantalla"],
  ["Connect", "Verbinden", "Connecter", "Conectar"],
  ["The screen is connected.", "Der Bildschirm ist verbunden.", "L’écran est connecté.", "La pantalla está conectada."],
  ["Only an administrator can connect a screen.", "Nur ein Administrator kann einen Bildschirm verbinden.", "Seul un administrateur peut connecter un écran.", "Solo un administrador puede conectar una pantalla."],
  ["My status on the board", "Mein Status in der Übersicht", "Mon statut sur le tableau", "Mi estado en el panel"],
  ["From my clients", "Aus meinen Clients", "De mes clients", "De mis clientes"],
  ["With", "Mit", "Avec", "Con"],
  ["Visible to others", "Für andere sichtbar", "Visible pour les autres", "Visible para los demás"],
  ["Back at", "Zurück am", "Retour le", "Regreso el"],
  ["Expires", "Gilt bis", "Expire", "Caduca"],
  ["when I change it", "ich es ändere", "quand je le change", "cuando lo cambie"],
  ["in 30 minutes", "in 30 Minuten", "dans 30 minutes", "en 30 minutos"],
  ["in an hour", "in einer Stunde", "dans une heure", "en una hora"],
  ["in four hours", "in vier Stunden", "dans quatre heures", "en cuatro horas"],
  ["at the end of today", "zum Ende des Tages", "à la fin de la journée", "al final del día"],
  ["Set", "Setzen", "Définir", "Fijar"],
  ["Cancel", "Abbrechen", "Annuler", "Cancelar"],
  ["Sign out of the board", "Von der Übersicht abmelden", "Se déconnecter du tableau", "Cerrar la sesión del panel"],
  ["My devices", "Meine Geräte", "Mes appareils", "Mis dispositivos"],
  ["Only you and administrators see these.", "Nur Sie und Administratoren sehen diese.", "Vous seul et les administrateurs les voyez.", "Solo usted y los administradores los ven."],
  ["My badge", "Mein Badge", "Mon badge", "Mi insignia"],
  ["A badge is a public picture of my status, without my name.", "Ein Badge ist ein öffentliches Bild meines Status, ohne meinen Namen.", "Un badge est une image publique de mon statut, sans mon nom.", "Una insignia es una imagen pública de mi estado, sin mi nombre."],
  ["Show my badge", "Mein Badge zeigen", "Afficher mon badge", "Mostrar mi insignia"],
  ["Readers of my status", "Leser meines Status", "Lecteurs de mon statut", "Lectores de mi estado"],
  ["Nobody has read my status yet.", "Noch niemand hat meinen Status gelesen.", "Personne n’a encore lu mon statut.", "Nadie ha leído mi estado todavía."],
  ["a deleted token", "ein gelöschtes Token", "un jeton supprimé", "un token eliminado"],
  ["and {count} more readers", "und {count} weitere Leser", "et {count} autres lecteurs", "y {count} lectores más"],
  ["last update {ago}", "letzte Meldung {ago}", "dernière mise à jour {ago}", "última actualización {ago}"],
];

/** The reader's first language that the board has, with its region; else English. */
export const locale =
  navigator.languages.find((tag) => LANGUAGES.includes(tag.split("-")[0] ?? "")) ?? "en-GB";
const language = locale.split("-")[0] ?? "en";
const column = LANGUAGES.indexOf(language);
const table = new Map(TEXTS.map((row) => [row[0], row[column]]));
const plural = new Intl.PluralRules(locale);

/** A text in the reader's language; `{name}` is replaced by the value `name`.
 * @param {string} text @param {Record<string, string|number>} [values] */
export function t(text, values = {}) {
  const forms = (table.get(text) ?? text).split("|");
  const many = plural.select(Number(values.count ?? 1)) !== "one";
  const form = (many && forms[1]) || (forms[0] ?? text);
  return form.replace(/\{(\w+)\}/g, (_, name) => String(values[name] ?? ""));
}

/** Translates the texts of the page, whose elements have the attribute `data-text`. */
export function translate() {
  document.documentElement.lang = language;
  for (const each of document.querySelectorAll("[data-text]")) each.textContent = t(each.textContent ?? "");
  for (const each of document.querySelectorAll("[placeholder]")) {
    each.setAttribute("placeholder", t(each.getAttribute("placeholder") ?? ""));
  }
}
