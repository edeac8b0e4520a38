/** A model to talk to, by its name: a server's address, or a model that this process opens. */
import { openModel } from '../../../engine/model/load';
import type { ChatModel } from '../chat';
import { localChat } from '../localChat';
import { isAddress, parseAddress } from './address';
import { remoteChat } from './remoteChat';
import type { EndpointSettings } from './settings';

/** Opens `http://host:port/v1#name` or a model folder, file or name. Throws InputError when there is none. */
export async function openChat(model: string, endpoint: Partial<EndpointSettings> = {}): Promise<ChatModel> {
  if (isAddress(model)) return remoteChat(parseAddress(model), endpoint);
  return localChat(await openModel(model));
}
