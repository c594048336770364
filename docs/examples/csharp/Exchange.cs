// Gives documents to edge-node and takes documents from it: an example to copy from.
//
//     Exchange.exe EXCHANGE send KEY NUMBER NOTATION DATE TYPE SUBJECT TO FILE...
//     Exchange.exe EXCHANGE status KEY
//     Exchange.exe EXCHANGE receipts
//     Exchange.exe EXCHANGE receive STORE
//
// EXCHANGE is the folder shared with the node. KEY is your own key of the document: it names the
// drop and comes back in receipts. TO is codes of agencies with commas between them. STORE is a
// folder that stands for your database. Each may be cut off at any moment and called again: nothing
// is lost, nothing is sent or stored twice. Exit status 0, or 1 where a document failed or is
// nowhere.
//
// One file, no packages: .NET 8, the .NET Framework from 4.5 on, and Mono
// (mcs -r:System.Runtime.Serialization Exchange.cs). .NET cannot make the names in a folder durable
// on Linux. A power cut may take back the last rename; then `status` finds the document nowhere, and
// sending it again is right.

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Runtime.Serialization;
using System.Runtime.Serialization.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

// What is read of the files of the exchange folder, and written into them; other keys are left out.

[DataContract]
public class Order
{
    [DataMember(Name = "schema")] public int Schema { get; set; }
    [DataMember(Name = "number")] public string Number { get; set; }
    [DataMember(Name = "notation")] public string Notation { get; set; }
    [DataMember(Name = "date")] public string Date { get; set; }
    [DataMember(Name = "type")] public string Type { get; set; }
    [DataMember(Name = "subject")] public string Subject { get; set; }
    [DataMember(Name = "to")] public string[] To { get; set; }
    [DataMember(Name = "attachments")] public string[] Attachments { get; set; }
    [DataMember(Name = "ref")] public string Ref { get; set; }
}

[DataContract]
public class Incoming
{
    [DataMember(Name = "id")] public string Id { get; set; }
    [DataMember(Name = "from")] public Agency From { get; set; }
    [DataMember(Name = "number")] public string Number { get; set; }
    [DataMember(Name = "notation")] public string Notation { get; set; }
    [DataMember(Name = "subject")] public string Subject { get; set; }
    [DataMember(Name = "business")] public Business Business { get; set; }
    [DataMember(Name = "attachments")] public Attachment[] Attachments { get; set; }
}

[DataContract]
public class Agency
{
    [DataMember(Name = "code")] public string Code { get; set; }
}

[DataContract]
public class Business
{
    [DataMember(Name = "kind")] public string Kind { get; set; }
}

[DataContract]
public class Attachment
{
    [DataMember(Name = "file")] public string File { get; set; }
    [DataMember(Name = "sha256")] public string Sha256 { get; set; }
}

[DataContract]
public class Standing
{
    [DataMember(Name = "receivers")] public Receiver[] Receivers { get; set; }
}

[DataContract]
public class Receiver
{
    [DataMember(Name = "code")] public string Code { get; set; }
    [DataMember(Name = "state")] public string State { get; set; }
    [DataMember(Name = "status")] public string Status { get; set; }
    [DataMember(Name = "meaning")] public string Meaning { get; set; }
    [DataMember(Name = "reason")] public string Reason { get; set; }

    public override string ToString()
    {
        var parts = new[] { Code, State, Status, Meaning, Reason };
        return string.Join(" ", parts.Where(part => !string.IsNullOrEmpty(part)));
    }
}

[DataContract]
public class Failure
{
    [DataMember(Name = "at")] public string At { get; set; }
    [DataMember(Name = "error")] public string Error { get; set; }
    [DataMember(Name = "message")] public string Message { get; set; }
    [DataMember(Name = "problems")] public string[] Problems { get; set; }
    [DataMember(Name = "hint")] public string Hint { get; set; }

    // For the clerk who is to mend it.
    public override string ToString()
    {
        var sentences = new[] { Message }.Concat(Problems).Concat(new[] { Hint });
        return "failed, " + Error + ": " + string.Join("; ", sentences);
    }
}

[DataContract]
public class Receipt
{
    [DataMember(Name = "ref")] public string Ref { get; set; }
    [DataMember(Name = "document_id")] public string DocumentId { get; set; }
    [DataMember(Name = "event")] public string Event { get; set; }
    [DataMember(Name = "to")] public string To { get; set; }
    [DataMember(Name = "from")] public string From { get; set; }
    [DataMember(Name = "status")] public string Status { get; set; }
    [DataMember(Name = "meaning")] public string Meaning { get; set; }
    [DataMember(Name = "note")] public string Note { get; set; }

    public override string ToString()
    {
        var which = string.IsNullOrEmpty(Ref) ? DocumentId : Ref;
        return string.Join(" ", which, To ?? From, Event ?? Status + " " + Meaning, Note);
    }
}

public static class Exchange
{
    // Build it aside, make it durable, rename it last.
    public static void Send(string exchange, Order order, IList<string> files)
    {
        var drop = Path.Combine(exchange, "outbox", order.Ref);
        if (Directory.Exists(drop)) return; // given before, and not taken yet
        var building = Path.Combine(exchange, "outbox", "." + order.Ref);
        if (Directory.Exists(building)) Directory.Delete(building, true); // left by a power cut
        Directory.CreateDirectory(building);
        foreach (var file in files)
            Write(Path.Combine(building, Path.GetFileName(file)), File.ReadAllBytes(file));
        order.Attachments = files.Select(Path.GetFileName).ToArray();
        Write(Path.Combine(building, "document.json"), ToJson(order));
        Directory.Move(building, drop);
    }

    // Looked for in the order in which a drop travels, so that one which moves is met again.
    public static bool Status(string exchange, string key, out IEnumerable<string> lines)
    {
        var drop = Path.Combine(exchange, "outbox", key);
        var secret = Read<Failure>(drop + ".error.json"); // a state secret stays where it is
        lines = new[] { secret == null ? "waits in outbox" : secret.ToString() };
        if (secret != null) return false;
        if (Directory.Exists(drop)) return true;
        foreach (var place in new[] { "queued", "sent" })
            foreach (var folder in Drops(Path.Combine(exchange, place), key))
            {
                var told = Read<Standing>(Path.Combine(folder, "status.json"));
                if (told == null) continue;
                lines = told.Receivers.Select(receiver => receiver.ToString());
                return true;
            }
        var failed = Drops(Path.Combine(exchange, "failed"), key)
            .Select(folder => Read<Failure>(Path.Combine(folder, "error.json")))
            .Where(told => told != null && told.Error != "duplicate")
            .OrderBy(told => told.At, StringComparer.Ordinal).LastOrDefault();
        lines = new[] { "nowhere: being taken just now, or never given" };
        if (failed != null) lines = new[] { failed.ToString() };
        return false;
    }

    // Each thing that happened, in order; it goes once you have it in your database.
    public static void Receipts(string exchange)
    {
        var files = Directory.GetFiles(Path.Combine(exchange, "receipts"), "*.json");
        foreach (var file in files.Where(Seen).OrderBy(file => file, StringComparer.Ordinal))
        {
            Console.WriteLine(Read<Receipt>(file));
            File.Delete(file);
        }
    }

    // Oldest first: store one, and only then remove it.
    public static void Receive(string exchange, string store)
    {
        var folders = Directory.GetDirectories(Path.Combine(exchange, "inbox"));
        foreach (var folder in folders.Where(Seen).OrderBy(each => each, StringComparer.Ordinal))
        {
            var document = Read<Incoming>(Path.Combine(folder, "document.json"));
            if (document == null) continue;
            var stored = Path.Combine(store, document.Id);
            if (!Directory.Exists(stored)) // or it was stored before we were cut off
            {
                var building = Path.Combine(store, "." + document.Id);
                if (Directory.Exists(building)) Directory.Delete(building, true);
                Directory.CreateDirectory(building);
                foreach (var file in Directory.GetFiles(folder))
                    Write(Path.Combine(building, Path.GetFileName(file)), File.ReadAllBytes(file));
                foreach (var file in document.Attachments)
                    if (Digest(Path.Combine(building, file.File)) != file.Sha256)
                        throw new IOException(
                            folder + ": " + file.File + " read with errors, left where it is");
                Directory.Move(building, stored);
                Console.WriteLine(string.Join(" ", document.Id, document.Business.Kind,
                    document.From.Code, document.Number + "/" + document.Notation,
                    document.Subject));
            }
            Remove(folder);
        }
    }

    // document.json last: a folder that is half removed is met again.
    static void Remove(string folder)
    {
        var sheet = Path.Combine(folder, "document.json");
        foreach (var file in Directory.GetFiles(folder))
            if (file != sheet) File.Delete(file);
        File.Delete(sheet);
        Directory.Delete(folder);
    }

    // Where drops of this key lie, however deep; the second of one day is called `KEY (2)`.
    static IEnumerable<string> Drops(string place, string key)
    {
        var name = new Regex("^" + Regex.Escape(key) + @"( \([0-9]+\))?$");
        var days = new[] { place };
        if (Path.GetFileName(place) != "queued") // sent/YYYY/MM/DD
            for (var depth = 0; depth < 3; depth++)
                days = days.SelectMany(Directory.GetDirectories).ToArray();
        return days.SelectMany(Directory.GetDirectories)
            .Where(folder => name.IsMatch(Path.GetFileName(folder)))
            .OrderBy(folder => folder, StringComparer.Ordinal);
    }

    static bool Seen(string path)
    {
        return !Path.GetFileName(path).StartsWith(".", StringComparison.Ordinal);
    }

    // The disk says that it holds the content before this returns.
    static void Write(string path, byte[] content)
    {
        using (var file = new FileStream(path, FileMode.Create, FileAccess.Write))
        {
            file.Write(content, 0, content.Length);
            file.Flush(true);
        }
    }

    static string Digest(string path)
    {
        using (var file = File.OpenRead(path))
        using (var sha256 = SHA256.Create())
            return string.Concat(sha256.ComputeHash(file).Select(each => each.ToString("x2")));
    }

    // What a JSON file says; null where it is not there, or no more.
    static T Read<T>(string path) where T : class
    {
        try
        {
            using (var content = new MemoryStream(File.ReadAllBytes(path)))
                return (T)new DataContractJsonSerializer(typeof(T)).ReadObject(content);
        }
        catch (FileNotFoundException) { return null; }
        catch (DirectoryNotFoundException) { return null; }
    }

    static byte[] ToJson(Order order)
    {
        using (var content = new MemoryStream())
        {
            new DataContractJsonSerializer(typeof(Order)).WriteObject(content, order);
            return content.ToArray();
        }
    }

    public static int Main(string[] words)
    {
        Console.OutputEncoding = new UTF8Encoding(false);
        switch (words[1])
        {
            case "send":
                Send(words[0], new Order
                {
                    Schema = 1, Ref = words[2], Number = words[3], Notation = words[4],
                    Date = words[5], Type = words[6], Subject = words[7], To = words[8].Split(','),
                }, words.Skip(9).ToList());
                return 0;
            case "status":
                IEnumerable<string> lines;
                var well = Status(words[0], words[2], out lines);
                foreach (var line in lines) Console.WriteLine(line);
                return well ? 0 : 1;
            case "receipts":
                Receipts(words[0]);
                return 0;
            case "receive":
                Receive(words[0], words[2]);
                return 0;
            default:
                Console.Error.WriteLine("no such verb: " + words[1]);
                return 2;
        }
    }
}
